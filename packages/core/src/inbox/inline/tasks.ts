import type { Json } from '../../delivery.ts'
import type { TaskDraft } from '../inbox.ts'

/** A task of an inline event: what the ledger keeps of it between deliveries. */
export interface InlineTask {
  readonly draft: TaskDraft
  state: 'open' | 'done' | 'dead'
  /** Claims of the event that were no attempt of this task: before it was spawned or revived, and those postponed. */
  skipped: number
}

type Row = readonly [
  subscription: string,
  state: 'o' | 'd' | 'x',
  skipped: number,
  part?: string | null,
  data?: Json,
]

const LETTERS = { open: 'o', done: 'd', dead: 'x' } as const
const STATES = { o: 'open', d: 'done', x: 'dead' } as const

/** The tasks of an event as a string. */
export function encodeTasks(tasks: readonly InlineTask[]): string {
  const rows = tasks.map(({ draft, state, skipped }): Row => {
    const head = [draft.subscription, LETTERS[state], skipped] as const
    if (draft.data !== undefined) return [...head, draft.part ?? null, draft.data]
    return draft.part === undefined ? head : [...head, draft.part]
  })
  return JSON.stringify(rows)
}

/** The tasks of {@link encodeTasks}. */
export function decodeTasks(text: string): InlineTask[] {
  return (JSON.parse(text) as Row[]).map(([subscription, state, skipped, part, data]) => ({
    draft: {
      subscription,
      ...(part != null && { part }),
      ...(data !== undefined && { data }),
    },
    state: STATES[state],
    skipped,
  }))
}

/** New tasks, none of which ran. */
export function newTasks(drafts: readonly TaskDraft[], claims: number): InlineTask[] {
  return drafts.map((draft) => ({ draft, state: 'open', skipped: claims - 1 }))
}

/** If every task is settled and some are dead, the dead ones start again: the sender has delivered again. */
export function reviveDead(tasks: readonly InlineTask[], claims: number): void {
  if (tasks.some((task) => task.state === 'open')) return
  for (const task of tasks) {
    if (task.state !== 'dead') continue
    task.state = 'open'
    task.skipped = claims - 1
  }
}
