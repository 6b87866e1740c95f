// A recurrent network over a stream, trained while it runs, without any server.
//
//   node examples/operators.mjs
import { learn, Model, noisySine, runCell, windows } from 'eddy';
import { from, map, take } from 'rxjs';

const model = new Model({ features: 1, units: 16, learner: { kind: 'tbptt', k1: 4, k2: 16 } });
const sensor$ = from(noisySine({ seed: 7 })).pipe(
  take(3000),
  map((value) => [value]), // a step is an array: one number for each sensor
);

let loss = Number.NaN;
sensor$
  .pipe(
    runCell(model), // every hidden state h_t, with the weights as they are
    windows({ k1: 4, k2: 16 }), // every 4 steps the last 16
    learn(), // backpropagation through them, and a step of the optimizer
  )
  .subscribe({
    next: ({ seq, h, updates }) => {
      loss = updates.at(-1)?.loss ?? loss;
      if ((seq + 1) % 1000 > 0) return;
      const { recentMae, recentNaiveMae } = model.metrics;
      console.log(
        `step ${seq + 1}: h[0] ${h[0].toFixed(3)}, loss ${loss.toFixed(3)}, ` +
          `error ${recentMae.toFixed(3)}, that of the last value ${recentNaiveMae.toFixed(3)}`,
      );
    },
    complete: () => console.log(`${model.updates} updates`),
  });
