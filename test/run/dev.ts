// `npm run dev` checks all types and runs the tests that a change can break, each time a file is saved.
import { spawn } from 'node:child_process'
import { root } from './report.ts'

const programs = [
  ['tsc', '-b', '--watch', '--preserveWatchOutput'],
  // Starts with the changes since the last commit.
  ['vitest', 'watch', '--changed', '--project=in process', '--project=processes'],
] as const

const shell = process.platform === 'win32'
const children = programs.map(([program, ...args]) =>
  spawn(program, args, { cwd: root, shell, stdio: 'inherit' }),
)
for (const child of children)
  child.on('exit', (code) => {
    process.exitCode ||= code ?? 0
    for (const other of children) other.kill()
  })
