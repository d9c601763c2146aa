// This file runs as a separate process, which starts a program. When the standard input of this process closes, this
// process ends the program and all child processes. The input also closes if the parent is killed with kill -9.
// Otherwise a tunnel could outlive the command, and lead to the next program that listens at the port.
import { spawn } from 'node:child_process'

const [, , program = '', ...args] = process.argv
const hasGroups = process.platform !== 'win32'
// Milliseconds between SIGTERM and SIGKILL, in which the program can end by itself.
const PATIENCE = 4000

const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: hasGroups })
let isEnding = false
process.stdin.resume().on('end', stop).on('error', stop)
// Ctrl-C may reach all processes of a terminal. This process ignores Ctrl-C, because the parent decides when the
// program ends.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', stop)
process.on('SIGHUP', stop)
child.on('error', (error) => {
  process.stderr.write(`${program} cannot be started: ${error.message}\n`)
  process.exit(127)
})
child.on('exit', (code, signal) => {
  // Ends processes that the program started and that may still run.
  end('SIGTERM')
  process.exit(code ?? (signal ? 1 : 0))
})

function stop(): void {
  if (isEnding) return
  isEnding = true
  end('SIGTERM')
  setTimeout(() => end('SIGKILL'), PATIENCE)
}

function end(signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(hasGroups ? -child.pid : child.pid, signal)
  } catch {
    // The program has already ended.
  }
}
