import type { JobData } from './jobs.ts'
import type { PgExecutor } from './pg.ts'

// pg-boss claims the highest priority first. Tasks without a fair key have 0, those with one have −turn.

/** Failed tasks of a fair key: they get the key's turn once they are due, and hold none before. */
export const PARKED = -2_000_000_000
/** Tasks that were interrupted: claimed only to start at once. */
export const INTERRUPTED = 1
/** Suspects: claimed one at a time in a process. */
export const ALONE = 2

// Turns end before priorities do; from there on the keys of a lane share one, in order of arrival.
const LAST_TURN = 1_900_000_000

/** A task that needs a turn. */
export interface Turned {
  readonly id: string
  readonly queue: { readonly id: number }
  readonly data: Pick<JobData, 'fair'>
}

/** How far a fair key is ahead of what was claimed last: about its tasks that wait. */
export interface Backlog {
  readonly lane: number
  readonly key: string
  readonly tasks: number
}

/** Gives turns. */
export interface Turns {
  /** Priorities of those tasks that have a fair key, by id. */
  assign(client: PgExecutor, tasks: readonly Turned[]): Promise<ReadonlyMap<string, number>>
  /** How much the keys have waiting; keys without anything are left out. */
  look(
    client: PgExecutor,
    keys: readonly { readonly lane: number; readonly key: string }[],
  ): Promise<readonly Backlog[]>
}

/**
 * Makes the turns: `max(turn claimed last in the lane, last turn of the key) + 1`, so that a task waits for at most one
 * task of each other key. `told` hears how much each key has waiting.
 */
export function createTurns(schema: string, told: (backlog: Backlog) => void): Turns {
  const take = `INSERT INTO ${schema}.postern_turns AS t (lane, key, turn, step)
    SELECT i.lane, i.key, LEAST(l.turn + i.step, ${LAST_TURN}), i.step
    FROM unnest($1::int[], $2::uuid[], $3::int[]) AS i(lane, key, step)
    JOIN ${schema}.postern_lanes l ON l.id = i.lane ORDER BY i.lane, i.key
    ON CONFLICT (lane, key) DO UPDATE
    SET turn = LEAST(GREATEST(t.turn + EXCLUDED.step, EXCLUDED.turn), ${LAST_TURN}), step = EXCLUDED.step
    RETURNING t.lane, t.key, t.turn, t.turn - (SELECT l.turn FROM ${schema}.postern_lanes l WHERE l.id = t.lane) AS tasks`

  return {
    async assign(client, tasks) {
      const fair = tasks.filter((task) => task.data.fair !== undefined)
      if (fair.length === 0) return NONE
      const groups = Map.groupBy(fair, keyOf)
      const keys = [...groups.values()].map(([first]) => first!)
      const { rows } = await client.executeSql(take, [
        keys.map(({ queue }) => queue.id),
        keys.map(({ data }) => data.fair),
        [...groups.values()].map((group) => group.length),
      ])
      const given = new Map<string, number>()
      for (const row of rows) {
        const backlog = row as unknown as Backlog & { readonly turn: number }
        const group = groups.get(`${backlog.lane} ${backlog.key}`)!
        const first = backlog.turn - group.length + 1
        group.forEach(({ id }, at) => given.set(id, -Math.max(1, first + at)))
        told(backlog)
      }
      return given
    },
    async look(client, keys) {
      const { rows } = await client.executeSql(
        `SELECT t.lane, t.key, GREATEST(t.turn - l.turn, 0) AS tasks
         FROM unnest($1::int[], $2::uuid[]) AS i(lane, key)
         JOIN ${schema}.postern_turns t ON t.lane = i.lane AND t.key = i.key
         JOIN ${schema}.postern_lanes l ON l.id = t.lane`,
        [keys.map(({ lane }) => lane), keys.map(({ key }) => key)],
      )
      return rows as unknown as readonly Backlog[]
    },
  }
}

const NONE: ReadonlyMap<string, number> = new Map()

function keyOf({ queue, data }: Turned): string {
  return `${queue.id} ${data.fair}`
}
