#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { exitCodeOf, remark } from './print/outcome.ts'
import { createProgram } from './program.ts'

/** Runs the command line, and sets the exit code of the process. */
export async function main(args: readonly string[]): Promise<void> {
  // A closed pipe (`| head`) is no failure.
  process.stdout.on('error', () => process.exit(0))
  try {
    await (await createProgram(args.slice(2))).parseAsync(args)
  } catch (error) {
    process.exitCode = exitCodeOf(error, remark)
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
