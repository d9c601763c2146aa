import { INBOXES } from './inboxes.ts'
import type { RuleCase, RulePart } from './rule.ts'
import { openWorld, type World } from './worlds.ts'

// Two sets of payloads with equal lengths and different content. Errors of JSON.parse quote the payload. The second set
// causes one common message, the first set one per payload.
const TEXTS: readonly [readonly string[], readonly string[]] = [
  ['{CANARYaa:', 'CANARYbb 1', '[CANARYc,,', 'CANARYddd,'],
  ['sameSAMES0', 'sameSAMES1', 'sameSAMES2', 'sameSAMES3'],
]
const SECRETS: readonly [string, string] = [
  'a secret of rule six and seven ',
  'another secret of rule s and se',
]

type Ids = Readonly<Record<'dead' | 'issue' | 'typed' | 'rejected' | 'delivery', string>>

/** Routes that a visitor may request. The ids come from the inbox of a world. */
const QUESTIONS: Readonly<Record<string, (ids: Ids) => readonly [route: string, body?: unknown]>> =
  {
    status: () => ['status'],
    'health of a day': () => ['health?range=24h'],
    'health of a receiver': () => ['health?range=1h&receiver=github'],
    charts: () => ['charts?range=1h'],
    registered: () => ['registered'],
    'list of deliveries': () => ['list'],
    'list of rejections': () => ['list?q=outcome:rejected'],
    'list of dead tasks': () => ['list?q=state:dead&limit=2'],
    'list by text': () => ['list?q=CANARYbb'],
    'list of tasks by text': () => ['list?q=state:dead+CANARYbb'],
    'list by payload': () => ['list?q=payload.text:CANARYbb'],
    'list by cause': () => ['list?q=cause:0000000000000000'],
    'list with a field of payloads': () => ['list?fields=[["github","push","text"]]'],
    'a file of deliveries': () => ['download?as=ndjson'],
    'a file of tasks': () => ['download?as=ndjson&q=state:dead'],
    'a file by text': () => ['download?as=csv&q=CANARYbb'],
    'a file by cause': () => ['download?as=csv&q=cause:0000000000000000'],
    actions: () => ['actions'],
    'suggested causes': () => ['suggest?q=cause:'],
    'suggested messages': () => ['suggest?q=cause:CANARY'],
    'suggested codes': () => ['suggest?q=code:'],
    'suggested topics': () => ['suggest?q=topic:'],
    'a delivery': ({ delivery }) => [`delivery?id=${delivery}`],
    'a rejection': ({ rejected }) => [`delivery?id=${rejected}`],
    'a dead task': ({ dead }) => [`task?id=${dead}`],
    'a task that JSON.parse ended': ({ issue }) => [`task?id=${issue}`],
    'a task that its schema ended': ({ typed }) => [`task?id=${typed}`],
    explain: ({ rejected }) => [`explain?id=${rejected}`],
    'copy as curl': ({ dead }) => [`copy?as=curl&task=${dead}`],
    'copy as test': ({ delivery }) => [`copy?as=test&delivery=${delivery}`],
    'replay by text': () => ['replay', { filter: { text: 'CANARYbb' }, dryRun: true }],
    'replay by cause': () => ['replay', { filter: { cause: '0000000000000000' }, dryRun: true }],
    'replay by keys': () => ['replay', { filter: { keys: ['x'] }, dryRun: true }],
    'replay counted': () => ['replay', { filter: { state: 'dead' }, dryRun: true }],
    'replay of chosen tasks': ({ dead, issue }) => [
      'replay',
      { filter: { state: 'dead' }, ids: [dead, issue], dryRun: true },
    ],
    'replay of chosen tasks by text': ({ dead }) => [
      'replay',
      { filter: { text: 'CANARYbb' }, ids: [dead], dryRun: true },
    ],
    mute: () => ['mute', { cause: '0000000000000000', note: '' }],
    'delete counted': () => ['delete', { filter: { subscription: 'mail' }, dryRun: true }],
    rerun: ({ dead }) => ['rerun', { task: dead, payload: '{}' }],
  }

/**
 * Rule 6: two inboxes differ only in payloads. A visitor without access to payloads must get the same bytes from both.
 */
export const nonInterference: RulePart = {
  rule: '6',
  title: 'non-interference',
  async open(inboxes) {
    const all: World[] = []
    const cases: RuleCase[] = []
    for (const inbox of INBOXES) {
      const worlds = await Promise.all(
        ([0, 1] as const).map(async (at) => {
          const world = await openWorld(inbox, inboxes)
          all.push(world)
          return { world, ids: await filled(world, at) }
        }),
      )
      for (const [name, question] of Object.entries(QUESTIONS))
        cases.push({
          name,
          at: question(worlds[0]!.ids)[0].split('?')[0]!,
          sender: 'github',
          inbox,
          run: () => compared(worlds, question),
        })
    }
    return {
      cases,
      close: async () => {
        for (const world of all) await world.close()
      },
    }
  },
}

async function filled(world: World, at: 0 | 1): Promise<Ids> {
  for (const [n, text] of TEXTS[at].entries()) {
    await world.send(`push-${n}`, { text })
    await world.send(`issue-${n}`, { text })
    await world.send(`release-${n}`, { text })
  }
  await world.send('push-rejected', { text: TEXTS[at][0] }, SECRETS[at])
  const { idOf } = world
  const ids = {
    dead: await idOf('state:dead subscription:mail id:push-1'),
    issue: await idOf('state:dead subscription:parse id:issue-1'),
    typed: await idOf('state:dead subscription:typed id:release-1'),
    rejected: await idOf('outcome:rejected'),
    delivery: await idOf('id:push-2'),
  }
  // A visitor with access proves a cause here. `health` then shows the cause to other visitors with access.
  if (at === 0) await world.see(`explain?id=${ids.rejected}`)
  return ids
}

async function compared(
  worlds: readonly { readonly world: World; readonly ids: Ids }[],
  question: (ids: Ids) => readonly [string, unknown?],
): Promise<string | undefined> {
  const [one, other] = await Promise.all(
    worlds.map(async ({ world, ids }) => plain(await world.ask(...question(ids)))),
  )
  if (/CANARY|sameSAME/.test(one! + other!)) return `a payload is told: ${one!.slice(0, 500)}`
  return one === other ? undefined : `${difference(one!, other!)}`
}

/** Removes times, durations, processes and random ids from a reply, and adds up counts per minute. */
function plain(text: string): string {
  return text
    .replaceAll(
      /"(took|duration|p50|p99|usually|oldest|startedAt|longest)":(?:-?[\d.e+-]+|null)/g,
      '"$1":0',
    )
    .replaceAll(/"(process|version|cursor)":"[^"]*"/g, '"$1":""')
    .replaceAll(/"(id|task|delivery)":"(?:delivery:|task:)?[^"]*"/g, '"$1":""')
    .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '""')
    .replaceAll(/\b1[6-9]\d{11}\b(?:\.\d+)?/g, '0')
    .replaceAll(/"(?:p50|p99|waits|spark)":\[[^\]]*\]/g, '')
    .replaceAll(/\[(\d+(?:,\d+)+)\]/g, (_, counts: string) => `[${total(counts)}]`)
}

/** Returns the sum of counts per minute: a world that is filled later may have the same counts in other minutes. */
function total(counts: string): number {
  return counts.split(',').reduce((sum, count) => sum + Number(count), 0)
}

function difference(one: string, other: string): string {
  let at = 0
  while (one[at] === other[at]) at++
  const around = (text: string): string => text.slice(Math.max(0, at - 60), at + 120)
  return `the worlds differ: ${around(one)} | ${around(other)}`
}
