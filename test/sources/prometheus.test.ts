import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtoWriter } from '../../src/formats/protobuf.js';
import { unpackSnappy } from '../../src/formats/snappy.js';
import { finish } from '../../src/math/pieces.js';
import { readWriteRequest } from '../../src/sources/prometheus/read-write-request.js';
import { codeOf } from '../support/sequences.js';

const bytes = (...all: (number | string)[]) =>
  Buffer.concat(all.map((one) => (typeof one === 'string' ? Buffer.from(one) : Buffer.of(one))));

describe('a snappy block', () => {
  it('[PRW1] is unpacked: literals, copies of each width, and copies that overlap themselves', () => {
    const cases: [packed: Buffer, text: string][] = [
      [bytes(5, 4 << 2, 'hello'), 'hello'],
      [bytes(12, 1 << 2, 'ab', (4 << 2) | 1, 2, (1 << 2) | 2, 2, 0), 'abababababab'],
      [bytes(70, 60 << 2, 69, 'x'.repeat(70)), 'x'.repeat(70)],
      [bytes(9, 2 << 2, 'abc', (5 << 2) | 3, 3, 0, 0, 0), 'abcabcabc'],
      [bytes(0), ''],
    ];
    for (const [packed, text] of cases)
      expect(Buffer.from(finish(unpackSnappy(packed, 1000))).toString()).toBe(text);
  });

  it('[PRW1] that is damaged or too large is refused, whatever its bytes are', () => {
    const bad = [
      bytes(),
      bytes(0x80),
      bytes(3, 4 << 2, 'hello'),
      bytes(5, 4 << 2, 'hel'),
      bytes(5, 1 << 2, 'ab'),
      bytes(6, 1 << 2, 'ab', 1, 3),
      bytes(6, 1 << 2, 'ab', 1),
    ];
    for (const packed of bad) expect(codeOf(() => finish(unpackSnappy(packed, 1000)))).toBe('input-invalid');
    expect(codeOf(() => finish(unpackSnappy(bytes(0xff, 0xff, 3, 0), 1000)))).toBe('message-too-large');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (packed) => {
        expect(['none', 'input-invalid', 'message-too-large']).toContain(
          codeOf(() => finish(unpackSnappy(packed, 4096))),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

/** A sample: a double and a time. */
function sample(value: number | bigint, t: number): Uint8Array {
  const double = new DataView(new ArrayBuffer(9));
  double.setUint8(0, (1 << 3) | 1);
  if (typeof value === 'bigint') double.setBigUint64(1, value, true);
  else double.setFloat64(1, value, true);
  return Buffer.concat([Buffer.from(double.buffer), new ProtoWriter().number(2, t).finish()]);
}

function request(
  series: readonly {
    labels: Record<string, string>;
    samples: readonly (readonly [number | bigint, number])[];
  }[],
) {
  const all = new ProtoWriter();
  for (const { labels, samples } of series) {
    const one = new ProtoWriter();
    for (const [name, value] of Object.entries(labels))
      one.message(1, new ProtoWriter().text(1, name).text(2, value));
    for (const [value, t] of samples) one.bytes(2, sample(value, t));
    all.message(1, one);
  }
  return all.finish();
}

const told = (body: Uint8Array, template: string) => {
  const { readings, ...rest } = finish(readWriteRequest(body, template));
  return {
    ...rest,
    readings: Object.fromEntries(
      [...readings].map(([name, list]) => [name, list.map(({ t, values }) => [t, { ...values }])]),
    ),
  };
};

describe('a request of remote write', () => {
  const body = request([
    {
      labels: { __name__: 'temp', instance: 'a:1' },
      samples: [
        [20.5, 2000],
        [20, 1000],
      ],
    },
    {
      labels: { __name__: 'load', instance: 'a:1' },
      samples: [
        [0.5, 1000],
        [Number.NaN, 2000],
        [0x7ff0000000000002n, 3000],
      ],
    },
  ]);

  it('[PRW2] has readings of sequences in the order of their times; metrics of one target are its fields', () => {
    expect(told(body, '{instance}').readings).toEqual({
      'a:1': [
        [1000, { temp: 20, load: 0.5 }],
        [2000, { temp: 20.5 }],
      ],
    });
    expect(told(body, '{measurement}.{tags}').readings).toEqual({
      'temp.a:1': [
        [1000, { value: 20 }],
        [2000, { value: 20.5 }],
      ],
      'load.a:1': [[1000, { value: 0.5 }]],
    });
    expect(told(body, '{job}')).toMatchObject({
      readings: {},
      faults: [expect.stringContaining('leaves no name'), expect.any(String)],
    });
  });

  it('[PRW2] tells of series that would be the same field, and of too many', () => {
    const cpus = ['0', '1'].map((cpu) => ({
      labels: { __name__: 'load', instance: 'a', cpu },
      samples: [[Number(cpu), 1000]] as const,
    }));
    expect(told(request(cpus), '{instance}')).toMatchObject({
      readings: { a: [[1000, { load: 0 }]] },
      faults: [
        expect.stringContaining(
          'load{instance="a",cpu="1"} and load{instance="a",cpu="0"} are both load of a',
        ),
      ],
    });
    expect(told(request(cpus), '{instance}.{cpu}').faults).toEqual([]);
    const many = request(Array.from({ length: 10_001 }, () => ({ labels: {}, samples: [] })));
    expect(codeOf(() => finish(readWriteRequest(many, '{instance}')))).toBe('input-invalid');
  });

  it('[PRW2] of any bytes gives readings or a coded error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (all) => {
        expect(['none', 'input-invalid']).toContain(
          codeOf(() => finish(readWriteRequest(all, '{measurement}'))),
        );
      }),
      { numRuns: 2000 },
    );
    for (let end = 0; end < body.length; end += 7)
      expect(['none', 'input-invalid']).toContain(
        codeOf(() => finish(readWriteRequest(body.subarray(0, end), '{instance}'))),
      );
  });
});
