import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Change of the database's files, or a line of the journal. */
export type Step =
  | { readonly kind: 'write'; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: string; readonly size: number }
  | { readonly kind: 'sync'; readonly file: string }
  | { readonly kind: 'unlink'; readonly file: string }
  | { readonly kind: 'journal'; readonly line: string }

export interface TraceOptions {
  readonly command: readonly string[]
  /** Folder of the database, the journal and the traces. */
  readonly folder: string
  readonly database: string
}

const CALLS = 'pwrite64,write,fsync,fdatasync,ftruncate,unlink'

/** Runs a program under strace until it prints `end`, and kills it. Returns the steps of its main thread, in order. */
export async function traced(options: TraceOptions): Promise<readonly Step[]> {
  const { command, folder, database } = options
  const output = join(folder, 'trace')
  // Writes one file per thread, so that no line is split. Buffers are complete and in hex.
  const args = ['-ff', '-qq', '-y', '-xx', '-s', '1000000', '-e', `trace=${CALLS}`, '-o', output]
  const child = spawn('strace', [...args, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const chunk of child.stdout) {
    text += String(chunk)
    if (text.includes('end\n')) break
  }
  const ended = once(child, 'close')
  // strace ends when the traced process ends.
  process.kill(Number(pidOf(folder, database)), 'SIGKILL')
  await ended
  return stepsOf(readFileSync(`${output}.${pidOf(folder, database)}`, 'latin1'), database)
}

/** Returns the id of the thread that wrote the database, which is the main thread. */
function pidOf(folder: string, database: string): string {
  const name = hex(`${database}-wal`)
  for (const file of readdirSync(folder)) {
    const pid = /^trace\.(\d+)$/.exec(file)?.[1]
    if (pid !== undefined && readFileSync(join(folder, file), 'latin1').includes(name)) return pid
  }
  throw new Error('strace saw nobody write the database')
}

/** Returns the steps of a trace that change the database's files or the journal. */
function stepsOf(trace: string, database: string): Step[] {
  const known = new Set([database, `${database}-wal`])
  const steps: Step[] = []
  for (const line of trace.split('\n')) {
    const [, call, rest = ''] = /^(\w+)\((.*)$/.exec(line) ?? []
    if (call === undefined || / = -1 E\w+/.test(rest)) continue
    const name = basename(
      unhex(/^\d+<([^>]*)>/.exec(rest)?.[1] ?? /^"([^"]*)"/.exec(rest)?.[1] ?? ''),
    )
    if (name === 'journal' && call === 'write')
      steps.push({ kind: 'journal', line: buffer(rest).toString().trim() })
    if (!known.has(name)) continue
    if (call === 'fsync' || call === 'fdatasync') steps.push({ kind: 'sync', file: name })
    else if (call === 'unlink') steps.push({ kind: 'unlink', file: name })
    else if (call === 'ftruncate')
      steps.push({ kind: 'truncate', file: name, size: Number(/, (\d+)\)/.exec(rest)![1]) })
    else if (call === 'pwrite64') {
      const [, at, written] = /", \d+, (\d+)\)\s+= (\d+)$/.exec(rest)!
      steps.push({
        kind: 'write',
        file: name,
        at: Number(at),
        bytes: buffer(rest).subarray(0, Number(written)),
      })
    } else throw new Error(`strace saw a ${call} on ${name}, whose place is not known`)
  }
  return steps
}

function buffer(rest: string): Buffer {
  const [, text] = /, "((?:\\x[\da-f]{2})*)"/.exec(rest)!
  return Buffer.from(text!.replaceAll('\\x', ''), 'hex')
}

function hex(text: string): string {
  return Array.from(Buffer.from(text), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(
    '',
  )
}

function unhex(text: string): string {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex').toString()
}
