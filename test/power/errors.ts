import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DATABASE, judgeAt } from './judge.ts'

/** Disk error, and how to cause it. */
export interface DiskError {
  readonly name: string
  /** Returns the command that runs the program with this error. */
  readonly wrapper: (files: readonly string[]) => readonly string[]
}

export interface ErrorReport {
  readonly deliveries: number
  readonly acknowledged: number
  /** Number of 503 replies. `otherReplies` counts replies with neither 503 nor a 2xx. */
  readonly rejected: number
  readonly otherReplies: number
  /** Number of deliveries accepted after the last rejection, which shows that the inbox works again. */
  readonly takenAfter: number
  readonly lost: number
  readonly torn: number
  readonly integrity: string
}

/** Makes one of these system calls fail, from the `from`-th to the `to`-th call. */
function injected(call: string, error: string, from: number, to: number): DiskError['wrapper'] {
  return (files) => [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    ...files.flatMap((file) => ['-P', file]),
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:error=${error}:when=${from}..${to}`,
  ]
}

export const DISK_ERRORS: readonly DiskError[] = [
  { name: 'EIO at a sync', wrapper: injected('fsync,fdatasync', 'EIO', 30, 60) },
  { name: 'EIO at a write', wrapper: injected('pwrite64', 'EIO', 400, 430) },
  { name: 'ENOSPC at a write (a full disk)', wrapper: injected('pwrite64', 'ENOSPC', 400, 430) },
  { name: 'EROFS at a write (read-only)', wrapper: injected('pwrite64', 'EROFS', 400, 430) },
  {
    name: 'EFBIG: the file may not grow (ulimit -f)',
    // sh counts in blocks of 512 bytes.
    wrapper: () => ['sh', '-c', 'ulimit -f 1600; exec "$@"', 'sh'],
  },
]

/** Sends deliveries to an app while its disk has errors. Then checks the app's database file. */
export async function errorRun(error: DiskError, deliveries: number): Promise<ErrorReport> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-errors-'))
  const path = join(folder, DATABASE)
  const journal = join(folder, 'journal')
  const program = fileURLToPath(new URL('victim.ts', import.meta.url))
  const [wrapper, ...args] = [
    ...error.wrapper([path, `${path}-wal`]),
    process.execPath,
    program,
    path,
    journal,
    String(deliveries),
  ]
  const child = spawn(wrapper, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const ended = once(child, 'close')
  try {
    let text = ''
    for await (const chunk of child.stdout) {
      text += String(chunk)
      if (text.includes('end\n')) break
    }
    // strace and the app are in one process group.
    process.kill(-child.pid!, 'SIGKILL')
    await ended
    const replies = readFileSync(journal, 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([what]) => what === 'ack' || what === 'rejected')
    const acknowledged = replies.filter(([what]) => what === 'ack').map(([, id]) => id!)
    const rejections = replies.filter(([what]) => what === 'rejected')
    const last = replies.findLastIndex(([what]) => what === 'rejected')
    const { lost, torn, integrity } = judgeAt(path, acknowledged)
    return {
      deliveries,
      acknowledged: acknowledged.length,
      rejected: rejections.filter(([, , status]) => status === '503').length,
      otherReplies: rejections.filter(([, , status]) => status !== '503').length,
      takenAfter: replies.slice(last + 1).length,
      lost: lost.length,
      torn: torn.length,
      integrity,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
