#!/usr/bin/env node
import { CommanderError } from 'commander';
import { ShardError } from '../util/errors.js';
import { SimulatorError } from '../simulator/index.js';
import { ExitCode, UsageError } from './exitCode.js';
import { createProgram } from './program.js';
import { stackOf } from '../util/messageOf.js';

/** Runs the command line and resolves with the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = ExitCode.Fine;
  const program = createProgram((code) => (exitCode = code));
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    // Commander has printed its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Fine : ExitCode.WrongUse;
    if (isWrongUse(error)) {
      process.stderr.write(`shardchart: ${error.message}\n`);
      return ExitCode.WrongUse;
    }
    if (error instanceof SimulatorError) process.stderr.write(`shardchart: ${error.message}\n`);
    else process.stderr.write(`shardchart: ${stackOf(error)}\n`);
    return ExitCode.Failed;
  }
}

function isWrongUse(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof ShardError) return true;
  return error instanceof SimulatorError && (error.code === 'INVALID_OPTION' || error.code === 'LISTEN_FAILED');
}

// No process.exit: pending output is written first, and an open handle is noticed.
process.exitCode = await main(process.argv);
