import type { JSX } from 'preact'
import { Button, QuietButton } from '../parts/button.tsx'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ListReply, ListRow } from '../../src/api/list.ts'
import { AskFirst } from '../bulk/ask-first.tsx'
import { note, sayPolitely } from '../data/announce.ts'
import type { What, Which } from '../data/bulk.ts'
import { useMay } from '../data/status.ts'
import { MuteForm } from '../parts/mute.tsx'
import { counted } from '../words/count.ts'
import type { Loaded } from './loaded.ts'

export interface Chosen {
  /** False if the visitor may do nothing with rows. Rows then have no checkbox. */
  readonly isOffered: boolean
  readonly rows: ReadonlyMap<string, ListRow>
  /** True if all rows that match the search are chosen, even rows that are not loaded. */
  readonly isAll: boolean
  /**
   * Chooses a row, or removes it from the chosen rows. With `isRange`, chooses all rows from the last chosen row to
   * this one.
   */
  readonly toggle: (id: string, isRange: boolean) => void
  /** Chooses all rows that are loaded, or none. */
  readonly toggleLoaded: () => void
  readonly all: () => void
  readonly clear: () => void
}

/** True if a row has tasks. Only such a row can be chosen. */
export function hasTasks({ tasks }: ListRow): boolean {
  return tasks.length > 0
}

/** Keeps the chosen rows while rows come and go, until the search changes. */
export function useChosen(question: string, loaded: Loaded | undefined): Chosen {
  const [state, setState] = useState({ rows: NONE, isAll: false })
  const may = [useMay('replay'), useMay('delete'), useMay('mute')]
  const isOffered = may.includes(true)
  const anchor = useRef('')
  const able = (loaded?.rows ?? []).filter(hasTasks)
  const known = new Map(able.map((row) => [row.id, row]))
  // If a chosen row was loaded again, the new row has the current states of its tasks.
  const rows = state.isAll
    ? known
    : new Map([...state.rows].map(([id, row]) => [id, known.get(id) ?? row]))
  const latest = useRef((_id: string, _isRange: boolean): void => undefined)
  latest.current = (id, isRange) => {
    const to = able.findIndex((row) => row.id === id)
    if (!isOffered || to < 0) return
    const from = isRange ? able.findIndex((row) => row.id === anchor.current) : -1
    const part = able.slice(from < 0 ? to : Math.min(from, to), Math.max(from, to) + 1)
    const isOn = isRange || !rows.has(id)
    const next = new Map(rows)
    for (const row of part) {
      if (isOn) next.set(row.id, row)
      else next.delete(row.id)
    }
    anchor.current = id
    setState({ rows: next, isAll: false })
    sayPolitely(`${counted(next.size, 'row')} chosen`)
  }
  const clear = (): void => setState({ rows: NONE, isAll: false })
  const before = useRef(question)
  useEffect(() => {
    if (before.current === question) return
    before.current = question
    if (rows.size === 0) return
    note(
      `The search changed: ${counted(rows.size, 'row')} ${rows.size === 1 ? 'is' : 'are'} no longer chosen.`,
    )
    clear()
  }, [question])
  const [toggle] = useState(() => (id: string, isRange: boolean) => latest.current(id, isRange))
  return {
    isOffered,
    rows,
    isAll: state.isAll,
    toggle,
    toggleLoaded: () =>
      able.every(({ id }) => rows.has(id)) ? clear() : setState({ rows: known, isAll: false }),
    all: () => setState({ rows: NONE, isAll: true }),
    clear,
  }
}

const NONE: ReadonlyMap<string, ListRow> = new Map()

type Asked =
  | { readonly what: What; readonly which: Which }
  | { readonly what: 'mute'; readonly causes: readonly string[] }

/** Actions on the chosen rows. Without chosen rows, actions on all tasks that match the search. */
export function Bulk({
  reply,
  loaded,
  chosen,
}: {
  reply: ListReply | undefined
  loaded: Loaded | undefined
  chosen: Chosen
}): JSX.Element | null {
  const [asked, setAsked] = useState<Asked | undefined>()
  const filter = reply?.tasks
  const isSome = chosen.rows.size > 0 && !chosen.isAll
  useEffect(
    () => setAsked(undefined),
    [JSON.stringify(filter), [...chosen.rows.keys()].join(), chosen.isAll],
  )
  const close = (): void => setAsked(undefined)
  if (loaded === undefined || loaded.rows.length === 0 || !chosen.isOffered) return null
  if (!isSome && filter === undefined) return null
  return (
    <div class="bulk">
      {asked?.what === 'mute' ? (
        <MuteForm causes={asked.causes} close={close} />
      ) : asked ? (
        <AskFirst
          key={asked.what}
          what={asked.what}
          which={asked.which}
          close={close}
          started={chosen.clear}
        />
      ) : isSome ? (
        <Some
          chosen={chosen}
          ask={setAsked}
          hasMore={filter !== undefined && loaded.cursor !== undefined}
        />
      ) : (
        <All filter={filter!} chosen={chosen} ask={setAsked} />
      )}
    </div>
  )
}

function All({
  filter,
  chosen,
  ask,
}: {
  filter: NonNullable<ListReply['tasks']>
  chosen: Chosen
  ask: (asked: Asked) => void
}): JSX.Element {
  const mayRun = useMay('replay')
  const mayDelete = useMay('delete')
  const state = filter['state']
  return (
    <>
      <span>All that match{chosen.isAll && ' are chosen'}:</span>
      {mayRun && state !== 'running' && (
        <Button onClick={() => ask({ what: 'replay', which: { filter } })}>
          {state === 'pending' ? 'Run now…' : 'Run again…'}
        </Button>
      )}
      {mayDelete && state !== 'running' && state !== 'done' && (
        <QuietButton onClick={() => ask({ what: 'delete', which: { filter } })}>
          Delete…
        </QuietButton>
      )}
      {chosen.isAll && <Clear chosen={chosen} />}
    </>
  )
}

const RUNS = [
  ['dead', 'dead task', 'again'],
  ['pending', 'waiting task', 'now'],
  ['done', 'done task', 'again'],
] as const

/** Maximum number of causes to mute at once. */
const MOST_CAUSES = 20

function Some({
  chosen,
  ask,
  hasMore,
}: {
  chosen: Chosen
  ask: (asked: Asked) => void
  hasMore: boolean
}): JSX.Element {
  const mayRun = useMay('replay')
  const mayDelete = useMay('delete')
  const mayMute = useMay('mute')
  // Two deliveries may have the same tasks.
  const tasks = [
    ...new Map(
      [...chosen.rows.values()].flatMap((row) => row.tasks.map((task) => [task.id, task])),
    ).values(),
  ]
  const idsOf = (...states: readonly string[]): readonly string[] =>
    tasks.flatMap(({ id, state }) => (states.includes(state) ? id : []))
  // A replay is for tasks of one state: dead tasks if one is chosen, else pending tasks, else done tasks.
  const run = RUNS.find(([state]) => idsOf(state).length > 0)
  const removed = idsOf('dead', 'pending')
  const causes = [
    ...new Set(tasks.flatMap(({ state, cause }) => (state === 'dead' && cause) || [])),
  ]
  return (
    <>
      <b>{counted(chosen.rows.size, 'row')} chosen</b>
      {mayRun && run && (
        <Button
          onClick={() =>
            ask({ what: 'replay', which: { filter: { state: run[0] }, ids: idsOf(run[0]) } })
          }
        >
          Run {counted(idsOf(run[0]).length, run[1])} {run[2]}…
        </Button>
      )}
      {mayDelete && removed.length > 0 && (
        <QuietButton onClick={() => ask({ what: 'delete', which: { filter: {}, ids: removed } })}>
          Delete {counted(removed.length, 'task')}…
        </QuietButton>
      )}
      {mayMute && causes.length > 0 && causes.length <= MOST_CAUSES && (
        <QuietButton onClick={() => ask({ what: 'mute', causes })}>
          Mute {counted(causes.length, 'cause')}…
        </QuietButton>
      )}
      {hasMore && <QuietButton onClick={chosen.all}>Choose all that match</QuietButton>}
      <Clear chosen={chosen} />
    </>
  )
}

function Clear({ chosen }: { chosen: Chosen }): JSX.Element {
  return <QuietButton onClick={chosen.clear}>Choose none</QuietButton>
}
