import { it, expect } from 'vitest';
import { Model } from '../../src/rnn/model.js';
import { parseSpec, modelSize, stepWork } from '../../src/rnn/spec/spec.js';
import { Random } from '../../src/math/random.js';
it('sizes', () => {
  for (const features of [100, 500, 1000, 2000, 3000, 4096]) for (const units of [32, 512]) {
    try { const s = parseSpec({ features, units }); console.log(features, units, 'ok', modelSize(s), stepWork(s), s.readout) } catch (e) { console.log(features, units, String(e).slice(0,120)) }
  }
  const count = (v: unknown): number => v instanceof Float64Array ? 2*v.length : ArrayBuffer.isView(v) ? (v as any).length : Array.isArray(v) ? v.reduce((a,b)=>a+count(b),0) : v && typeof v==='object' ? Object.values(v).reduce((a: number,b)=>a+count(b),0) : 0;
  for (const spec of [{features:2,units:3},{features:2,units:3,season:8784},{features:1,units:300},{features:20,units:8, task:{kind:'forecast',horizon:[1,24],targets:[0]}},{features:300,units:8,season:8784},{features:1,units:2,task:{kind:'forecast',horizon:1024}},{features:64,units:32,task:{kind:'forecast',horizon:[1,1024]}}] as any[]) {
    const m = new Model(spec); for (let t=0;t<20;t++) m.step(Array(spec.features).fill(Math.sin(t)));
    console.log(JSON.stringify(spec), modelSize(m.spec), count(m.snapshot()));
  }
});
it('reset state then missing', () => {
  const m = new Model({features:1,units:4,inputs:{missing:'hold'}});
  const r = Random.fromSeed(1);
  for (let t=0;t<600;t++) m.step([100+Math.sin(t/3)+r.normal()*0.1]);
  m.reset('state');
  console.log('missing after reset', m.step([null]).y, m.step([null]).y, m.step([100]).y, m.step([100.1]).y);
  console.log(m.forecasters!.weights);
});
