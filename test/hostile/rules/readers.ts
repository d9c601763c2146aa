import { INBOXES } from './inboxes.ts'
import type { RuleCase, RulePart } from './rule.ts'
import { openWorld, type World } from './worlds.ts'

const LEVELS = [1, 10, 20, 28, 40, 60, 80]
const NODES = [40_000, 80_000]
// In milliseconds. A walk that doubles its work with each level takes longer. A walk that visits each pair once takes
// only milliseconds.
const ENDS = 20_000

/** Rule 7: reading blocks no other code. The test counts the event loop turns that other code got meanwhile. */
export const readers: RulePart = {
  rule: '7',
  title: 'a reader stops nothing',
  async open(inboxes, every) {
    const worlds: World[] = []
    const cases: RuleCase[] = []
    for (const inbox of INBOXES) {
      const world = await openWorld(inbox, inboxes)
      worlds.push(world)
      const add = (at: string, name: string, run: RuleCase['run']): void =>
        void cases.push({ name, at, sender: 'github', inbox, run })
      await world.send('push-nested', { text: '', x: nested(90) })
      for (const levels of LEVELS)
        add('list', `nested lists, ${levels} levels deep`, () => walked(world, levels))
      for (const nodes of NODES) {
        await world.send(`push-${nodes}`, {
          text: '',
          wide: Array.from({ length: nodes }, (_, n) => n),
        })
        add('list', `a list of ${nodes} numbers`, () => sliced(world, nodes))
      }
      // An explanation reads the stored bytes of any inbox in the same way. So one inbox suffices unless `every` is
      // set.
      if (!every && inbox !== 'memory') continue
      await world.send(
        'push-rejected',
        { text: 'x'.repeat(50_000) },
        'quite another secret, and long',
      )
      add('explain', 'ten who ask for one rejection have one answer', () => together(world))
      add('explain', 'one who asks again has the same answer', () => again(world))
    }
    return {
      cases,
      close: async () => {
        for (const world of worlds) await world.close()
      },
    }
  },
}

function nested(levels: number): unknown {
  let list: unknown = ['leaf']
  for (let level = 1; level < levels; level++) list = [list]
  return list
}

async function walked(world: World, levels: number): Promise<string | undefined> {
  const path = `payload.x${'.0'.repeat(levels)}:nowhere`
  const late = new Promise<'late'>((resolve) => setTimeout(resolve, ENDS, 'late').unref())
  const reply = await Promise.race([
    world.see<{ rows?: unknown[] }>(`list?q=${encodeURIComponent(path)}`),
    late,
  ])
  if (reply === 'late') return 'the walk does not end'
  return reply.rows?.length === 0 ? undefined : `it found ${JSON.stringify(reply).slice(0, 200)}`
}

async function sliced(world: World, nodes: number): Promise<string | undefined> {
  let turns = 0
  let isOver = false
  const count = (): void => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const path = encodeURIComponent(`payload.wide:-${nodes}`)
  const reply = await world.see<{ rows?: unknown[]; error?: string }>(`list?q=${path}`)
  isOver = true
  if (reply.error === 'busy') return undefined
  return turns >= nodes / 10_000
    ? undefined
    : `${nodes} nodes took ${turns} turns of the event loop`
}

interface Explained {
  readonly findings: readonly unknown[]
  readonly stats: { readonly ms: number; readonly stopped: boolean }
}

async function together(world: World): Promise<string | undefined> {
  const id = await world.idOf('outcome:rejected')
  const all = await Promise.all(
    Array.from({ length: 10 }, () => world.see<Explained>(`explain?id=${id}`)),
  )
  const different = new Set(all.map((one) => JSON.stringify(one)))
  return different.size === 1 ? undefined : `${different.size} answers were computed`
}

async function again(world: World): Promise<string | undefined> {
  const id = await world.idOf('outcome:rejected')
  const first = await world.see<Explained & { error?: string }>(`explain?id=${id}`)
  const second = await world.see<Explained & { error?: string }>(`explain?id=${id}`)
  if (first.error === 'busy' || first.stats.stopped) return undefined
  return JSON.stringify(first) === JSON.stringify(second) ? undefined : 'it was computed again'
}
