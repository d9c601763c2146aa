import { expect, test } from 'vitest'
import { topCauses, toCauses } from '../../../../src/inbox/engine/operate/top-causes.ts'

const group = (cause: string, counts: object = {}) => ({
  cause,
  dead: 1,
  retrying: 0,
  first: 0,
  last: 0,
  sample: { name: 'Error', message: cause },
  receiver: 'shop',
  subscription: 'ship',
  ...counts,
})

const named = (count: number, letter: string, counts: object = {}) =>
  Array.from({ length: count }, (_, at) => group(`${letter}${String(at).padStart(3, '0')}`, counts))

test.each<[string, ReturnType<typeof group>[], string[]]>([
  [
    'most dead tasks first, then most that are tried again, then by name',
    [group('d'), group('c'), group('b', { retrying: 1 }), group('a', { dead: 0, retrying: 9 })],
    ['b', 'c', 'd', 'a'],
  ],
  [
    'dead tasks of all subscriptions count',
    [group('a', { dead: 2 }), group('b', { dead: 1 }), group('b', { dead: 2 })],
    ['b', 'a'],
  ],
])('causes come in one order: %s', (_, groups, order) => {
  for (const given of [groups, groups.toReversed()])
    expect(toCauses(topCauses(given)).map(({ cause }) => cause)).toEqual(order)
})

test('fifty with the most dead tasks stay, and the fifty newest, of which those with dead tasks first', () => {
  const most = named(51, 'm', { dead: 5 })
  const newest = named(48, 'n', { last: 9 })
  const older = named(3, 'o', { last: 8 })
  const tried = named(60, 't', { dead: 0, retrying: 99, last: 99 })
  const all = [...most, ...newest, ...older, ...tried]
  for (const given of [all, all.toReversed()]) {
    const found = topCauses(given)
    const names = found.map(({ cause }) => cause)
    const sorted = [...most.slice(0, 50), ...newest, ...older.slice(0, 2)]
    expect(names).toEqual(sorted.map(({ cause }) => cause))
    expect(found[0]).toMatchObject({ among: 162, amongDead: 102, subscriptionCount: 1 })
  }
})

test('eight subscriptions stay of a cause, with its sums, and its sample is of the first', () => {
  const groups = Array.from({ length: 10 }, (_, at) =>
    group('a', {
      dead: at,
      retrying: 20 - at,
      first: 10 - at,
      last: at,
      subscription: `s${at}`,
      sample: { name: 'Error', message: `${at}` },
    }),
  )
  const [cause] = toCauses(topCauses(groups))
  expect(cause).toEqual({
    cause: 'a',
    sample: { name: 'Error', message: '9' },
    dead: 45,
    retrying: 155,
    first: 1,
    last: 9,
    subscriptionCount: 10,
    among: 1,
    amongDead: 1,
    subscriptions: [9, 8, 7, 6, 5, 4, 3, 2].map((at) => ({
      receiver: 'shop',
      subscription: `s${at}`,
      dead: at,
      retrying: 20 - at,
    })),
  })
  expect(toCauses(topCauses([group('a', { ofNewest: 3 })]))[0]).toMatchObject({ ofNewest: 3 })
})
