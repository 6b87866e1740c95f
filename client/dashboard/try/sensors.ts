/** Signals of the device that shows the page. */
import { EddyError } from '../../../src/errors.js';
import type { Row, Signal } from './signal.js';

/** Rows that wait to be taken: one that is too slow gets the newest. */
const MAX_WAITING = 64;
/** Milliseconds between two looks at the microphone. */
const LEVEL_MS = 20;

/** Asks for the sensor. @throws EddyError `input-invalid` if there is no such sensor, or it is not allowed */
export function openSensor(kind: 'motion' | 'microphone'): Promise<Signal> {
  return kind === 'motion' ? openMotion() : openMicrophone();
}

async function openMotion(): Promise<Signal> {
  if (typeof DeviceMotionEvent === 'undefined')
    throw new EddyError('input-invalid', 'this device has no motion sensor');
  // iOS alone asks, and has a method for it
  const { requestPermission } = DeviceMotionEvent as unknown as { requestPermission?: () => Promise<string> };
  if (requestPermission && (await requestPermission()) !== 'granted')
    throw new EddyError('input-invalid', 'the motion sensor is not allowed to this page');
  const { push, signal } = queue(['x', 'y', 'z']);
  const listen = ({ accelerationIncludingGravity: a }: DeviceMotionEvent) => {
    if (a && a.x !== null && a.y !== null && a.z !== null) push({ x: [a.x, a.y, a.z] });
  };
  addEventListener('devicemotion', listen);
  return { ...signal, stop: () => removeEventListener('devicemotion', listen) };
}

async function openMicrophone(): Promise<Signal> {
  if (!navigator.mediaDevices)
    throw new EddyError(
      'input-invalid',
      'the browser gives the microphone to pages of https or localhost only',
    );
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch((cause: unknown) => {
    throw new EddyError('input-invalid', `the microphone is not to be had: ${(cause as Error).message}`, {
      cause,
    });
  });
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const { push, signal } = queue(['level']);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const squares = samples.reduce((sum, value) => sum + value * value, 0);
    push({ x: [20 * Math.log10(Math.max(1e-5, Math.sqrt(squares / samples.length)))] });
  }, LEVEL_MS);
  return {
    ...signal,
    stop() {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      void context.close();
    },
  };
}

function queue(names: readonly string[]): { push: (row: Row) => void; signal: Signal } {
  const waiting: Row[] = [];
  const push = (row: Row) => {
    if (waiting.length === MAX_WAITING) waiting.shift();
    waiting.push(row);
  };
  return { push, signal: { fields: names.map((name) => ({ name })), next: () => waiting.shift() ?? null } };
}
