import { hostname } from 'node:os'
import type { Attempt, TaskError } from '@postern/core/inbox'
import { type UnreadTeller, parsed } from '@postern/core/engine'

/** The return value of a done job. */
export interface DoneValue {
  /** `a`: number of the attempt; `s`: start in milliseconds since 1970; `d`: duration in milliseconds; `p`: process. */
  readonly a: number
  readonly s: number
  readonly d: number
  readonly p: string
}

export const PROCESS: string = `${hostname()}:${process.pid}`

// Number of attempts that are kept: the first and the last nineteen. Attempts are stored in the job's hash, so their
// texts are shortened to the lengths below, in characters.
const KEPT = 20
const LONGEST_NAME = 100
const LONGEST_MESSAGE = 1000

type Row = readonly [
  attempt: number,
  startedAt: number,
  duration: number | null,
  outcome: Attempt['outcome'],
  process: string,
  name?: string,
  message?: string,
]

interface Kept {
  /** Number of all attempts, including those that are not kept. */
  readonly n: number
  readonly a: readonly Row[]
}

const NONE: Kept = { n: 0, a: [] }

/** `unread` reports an unreadable list of attempts, which counts as empty. */
export interface AttemptsReader {
  readonly task: string
  readonly unread: UnreadTeller
}

export function addAttempt(reader: AttemptsReader, text: string, attempt: Attempt): string {
  const { n, a } = read(reader, text)
  const { error, outcome, process } = attempt
  const base = [
    attempt.attempt,
    attempt.startedAt,
    attempt.duration ?? null,
    outcome,
    process,
  ] as const
  const row: Row = error
    ? [...base, error.name.slice(0, LONGEST_NAME), error.message.slice(0, LONGEST_MESSAGE)]
    : base
  const rest = a.length < KEPT ? a : [a[0]!, ...a.slice(2)]
  return JSON.stringify({ n: n + 1, a: [...rest, row] } satisfies Kept)
}

/** Returns the number of all attempts, and the kept attempts, oldest first. */
export function attemptsOf(
  reader: AttemptsReader,
  text: string,
  value: string,
): { readonly count: number; readonly kept: readonly Attempt[] } {
  const { n, a } = read(reader, text)
  const kept = a.map(toAttempt)
  const done = doneValue(value)
  // If the job was replayed, its last return value is already in its list of attempts.
  if (!done || kept.at(-1)?.startedAt === done.s) return { count: n, kept }
  const last: Attempt = {
    attempt: done.a,
    startedAt: done.s,
    duration: done.d,
    outcome: 'done',
    process: done.p,
  }
  return { count: n + 1, kept: [...kept, last] }
}

function toAttempt([attempt, startedAt, duration, outcome, process, name, message]: Row): Attempt {
  const error: TaskError | undefined =
    name === undefined ? undefined : { name, message: message ?? '' }
  return {
    attempt,
    startedAt,
    duration: duration ?? undefined,
    outcome,
    process,
    ...(error && { error }),
  }
}

function doneValue(text: string): DoneValue | undefined {
  const value = parsed(text) as Partial<DoneValue> | null | undefined
  return value?.s === undefined ? undefined : (value as DoneValue)
}

function read({ task, unread }: AttemptsReader, text: string): Kept {
  if (text === '') return NONE
  return unread.or(
    () => parse(text),
    NONE,
    `the list of attempts of task ${task}`,
    'it starts again empty',
  )
}

function parse(text: string): Kept {
  const kept = JSON.parse(text) as Kept
  if (Number.isSafeInteger(kept.n) && kept.a.every(Array.isArray)) return kept
  throw new TypeError('it is not a list of attempts')
}
