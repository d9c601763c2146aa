#!/usr/bin/env node
import { createProgram } from './program.ts'
import { exitCodeOf, remark } from './outcome.ts'

const program = createProgram()
// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', () => process.exit(0))
try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitCodeOf(error, remark)
}
