#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { exitCodeOf, remark } from './print/say.ts'
import { createProgram, usageOf } from './program.ts'

/** Runs the command line and sets the exit code of the process. `args` are those of `process.argv`. */
export async function main(args: readonly string[]): Promise<void> {
  // A closed pipe (`| head`) is not a failure.
  process.stdout.on('error', () => process.exit(0))
  let command: Command | undefined
  try {
    const program = await createProgram(args.slice(2), (started) => (command = started))
    await program.parseAsync(args)
  } catch (error) {
    const code = exitCodeOf(error, remark)
    // Of wrong use that the action itself has found.
    if (code === 2 && command) remark(usageOf(command))
    process.exitCode = code
  }
}

// npm links to this file, so argv names the link. An import of the module starts nothing; require() takes no top-level await.
const [, started] = process.argv
if (started !== undefined && isThis(started)) void main(process.argv)

function isThis(path: string): boolean {
  try {
    return realpathSync(path) === fileURLToPath(import.meta.url)
  } catch {
    return false
  }
}
