// A process of its own: it runs a program, and ends the program with all that it has started once its standard input is closed, by
// kill -9 of its parent too. A tunnel that outlived its command would lead to whoever listens at the port next.
import { spawn } from 'node:child_process'

const [, , program = '', ...args] = process.argv
const hasGroups = process.platform !== 'win32'
// How long a program may take for its own end, in milliseconds.
const PATIENCE = 4000

const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: hasGroups })
let isEnding = false
process.stdin.resume().on('end', stop).on('error', stop)
// Ctrl-C reaches every process of a terminal: the command says when this one ends.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', stop)
process.on('SIGHUP', stop)
child.on('error', (error) => {
  process.stderr.write(`${program} cannot be started: ${error.message}\n`)
  process.exit(127)
})
child.on('exit', (code, signal) => {
  // Processes that the program started may still run.
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
    // It has ended.
  }
}
