// Loaded before a program: when the process ends, it writes the native modules that were loaded, one a line.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const { sharedObjects } = process.report.getReport();
  const natives = sharedObjects.filter((file) => file.endsWith('.node'));
  if (process.env.NATIVES_FILE) writeFileSync(process.env.NATIVES_FILE, natives.join('\n'));
});
