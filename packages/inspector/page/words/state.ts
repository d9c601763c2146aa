import type { ListRow, RowTask } from '../../src/api/list.ts'

/** The look of a state: a sign, a word and a tone. No state is shown only by its tone. */
export interface Look {
  readonly sign: string
  readonly word: string
  readonly tone: 'good' | 'bad' | 'warn' | 'calm'
}

const look = (sign: string, word: string, tone: Look['tone']): Look => ({ sign, word, tone })

const DONE = look('●', 'done', 'good')
const WAITING = look('○', 'waiting', 'calm')
const RUNNING = look('▸', 'running', 'calm')
const RETRYING = look('◐', 'retrying', 'warn')
const DEAD = look('✕', 'dead', 'bad')
const INTERRUPTED = look('⚡', 'interrupted', 'warn')
const SKIPPED = { folded: look('⊕', 'folded', 'good'), stale: look('⊖', 'stale', 'good') }

export function taskLook(task: RowTask): Look {
  if (task.state === 'done') return task.skipped ? SKIPPED[task.skipped] : DONE
  if (task.state === 'dead') return DEAD
  if (task.state === 'running') return RUNNING
  if (task.interrupted) return INTERRUPTED
  return task.retrying ? RETRYING : WAITING
}

export const runLooks = {
  done: DONE,
  retry: look('✕', 'failed', 'bad'),
  dead: DEAD,
  postpone: look('○', 'postponed', 'calm'),
  interrupted: INTERRUPTED,
} as const

const OUTCOMES = {
  accepted: look('●', 'accepted', 'good'),
  rejected: look('⊘', 'rejected', 'warn'),
  duplicate: look('=', 'duplicate', 'calm'),
  handshake: look('↺', 'handshake', 'calm'),
  unhandled: look('–', 'unhandled', 'calm'),
  answered: look('↩', 'answered', 'good'),
} as const

export function outcomeLook(outcome: NonNullable<ListRow['outcome']>): Look {
  return OUTCOMES[outcome]
}

/** Compares tasks by urgency: tasks that need attention come first. */
export const byUrgency = (a: RowTask, b: RowTask): number => urgency(a) - urgency(b)

function urgency(task: RowTask): number {
  return ['bad', 'warn', 'calm', 'good'].indexOf(taskLook(task).tone)
}
