#!/usr/bin/env node
import { HELP, readCommandLine } from './cli.ts';
import { unreachable } from './lib/unreachable.ts';
import { packageVersion } from './version.ts';

const command = readCommandLine(process.argv.slice(2));
// Each command loads what it needs: the simulator is no part of a server.
switch (command.kind) {
  case 'help':
    process.stdout.write(HELP);
    break;
  case 'version':
    process.stdout.write(`${packageVersion()}\n`);
    break;
  case 'misuse':
    process.stderr.write(`${command.message}\n`);
    process.exitCode = 2;
    break;
  case 'start':
    await (await import('./run.ts')).run({ environment: process.env });
    break;
  case 'demo':
    await (await import('./demo.ts')).runDemo();
    break;
  case 'simulator':
    await (await import('./simulator/main.ts')).runSimulator(command.options);
    break;
  default:
    unreachable(command);
}
