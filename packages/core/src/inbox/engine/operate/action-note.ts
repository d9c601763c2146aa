import type { OperatorAction } from '../../operator-action.ts'

/** A text that an inbox writes in the transaction of a change; one with the same key is replaced. */
export interface ActionRow {
  readonly key: string
  readonly value: string
}

/** One action while it goes on. */
export interface ActionNote {
  /** What the transaction that changed these tasks writes too; `count` if it changed something else than tasks. */
  rows(tasks: readonly string[], count?: number): readonly ActionRow[]
  /** What an inbox without such transactions writes before the first change: one that is cut off is known. */
  begun(): readonly ActionRow[]
  /** That transaction is over: it changed so much. */
  done(count: number): void
}

/** An action as it is stored. */
export interface KeptAction extends OperatorAction {
  /** Tasks that are named. */
  readonly noted: number
}

/** What keys of actions, and of the ids of their tasks, begin with. */
export const ACTION = 'actions:'
export const ACTION_TASKS = 'actions-tasks:'
/** Tasks that are named in all actions. */
export const MOST_TASKS = 20_000

/** Makes the note of an action. */
export function noteOf(action: KeptAction): ActionNote {
  let { count, noted } = action
  let more = 0
  return {
    rows(tasks, changed = tasks.length) {
      if (changed === 0) return []
      const room = Math.max(0, MOST_TASKS - noted)
      const named = action.what === 'prune' ? [] : tasks.slice(0, room)
      more = named.length
      const rows = [head(count + changed, noted + more)]
      if (named.length === 0) return rows
      const place = String(noted).padStart(6, '0')
      return [
        ...rows,
        { key: `${ACTION_TASKS}${action.id}:${place}`, value: JSON.stringify(named) },
      ]
    },
    done(changed) {
      count += changed
      noted += more
      more = 0
    },
    begun: () => [head(count, noted)],
  }

  function head(changed: number, named: number): ActionRow {
    const next = { ...action, last: Date.now(), count: changed, noted: named }
    return { key: ACTION + action.id, value: JSON.stringify(next) }
  }
}
