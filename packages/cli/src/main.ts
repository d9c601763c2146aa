#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { exitCodeOf, remark } from './print/say.ts'
import { createProgram, usageOf } from './program.ts'

/** Runs the command line and sets the exit code of the process. `args` has the format of `process.argv`. */
export async function main(args: readonly string[]): Promise<void> {
  // A closed pipe (`| head`) is not a failure.
  process.stdout.on('error', () => process.exit(0))
  let command: Command | undefined
  try {
    const program = await createProgram(args.slice(2), (started) => (command = started))
    await program.parseAsync(args)
  } catch (error) {
    const code = exitCodeOf(error, remark)
    // Exit code 2 means wrong usage. Commander prints the usage for its own errors, but not for errors of an action.
    if (code === 2 && command) remark(usageOf(command))
    process.exitCode = code
  }
}

// Starts only if this file is the program, not if another module imports this file. npm starts the program through a
// link, so the link is resolved first. Top-level await is not used, because require() would fail.
const [, started] = process.argv
if (started !== undefined && isThis(started)) void main(process.argv)

function isThis(path: string): boolean {
  try {
    return realpathSync(path) === fileURLToPath(import.meta.url)
  } catch {
    return false
  }
}
