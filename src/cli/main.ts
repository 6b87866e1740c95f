#!/usr/bin/env node
/** eddy: the command line. Exit codes: 0 done, 1 failed, 2 wrong usage. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { addConfig } from './commands/config.js';
import { addDemo } from './commands/demo.js';
import { addEval } from './commands/eval.js';
import { addPush } from './commands/push.js';
import { addSequences } from './commands/sequences.js';
import { addServe } from './commands/serve.js';
import { addStore } from './commands/store-command.js';
import { addToken } from './commands/token.js';
import { addWatch } from './commands/watch.js';
import { addWebhook } from './commands/webhook.js';
import { sayFatal, speakJson } from './shared/json-words.js';
import { endWhenUnread, say } from './shared/output.js';

/** Of a server each line on stderr is one of JSON, from the first to the last. */
const isServer = process.argv[2] === 'serve';
if (isServer) speakJson();

const program = new Command('eddy')
  .description('Runs a stateful RNN over live data streams and trains it while serving.')
  .version(VERSION)
  .exitOverride()
  .configureOutput({ writeErr: isServer ? sayFatal : (text) => process.stderr.write(text) })
  .addHelpText(
    'after',
    `
Examples:
  $ eddy demo
  $ eddy serve
  $ eddy push pump.csv --sequence pump
  $ eddy watch pump
  $ eddy eval pump.csv --horizon 1,5 --report pump.html

Data goes to stdout, logs to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage.`,
  );
for (const add of [
  addServe,
  addConfig,
  addToken,
  addPush,
  addWatch,
  addSequences,
  addStore,
  addEval,
  addDemo,
  addWebhook,
])
  add(program);
for (const command of program.commands) inherit(command, program);

endWhenUnread(process.stdout, process.stderr);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    if (isServer) sayFatal(messageOf(error));
    else say(`eddy: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}

function inherit(command: Command, from: Command): void {
  command.exitOverride().copyInheritedSettings(from);
  for (const below of command.commands) inherit(below, command);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && !error.message.includes(String(error.code))
    ? `${error.code}: ${error.message}`
    : error.message;
}
