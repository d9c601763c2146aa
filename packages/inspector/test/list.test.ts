import { signedInit } from '@postern/testing'
import { github } from '@postern/providers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ListReply, SuggestReply } from '../src/api/list.ts'
import { createScene, temporaryInbox, viewer, type Scene, type Viewer } from './scene.ts'

let scene: Scene
const list = (query: string): Promise<ListReply & { statusCode: number }> =>
  scene.get<ListReply>(`list?${query}`)
const paged = async (query: string): Promise<ListReply['rows']> => {
  const seen: ListReply['rows'][number][] = []
  let more = ''
  for (;;) {
    const { rows: found, cursor } = await list(query + more)
    seen.push(...found)
    if (cursor === undefined) return seen
    more = `&cursor=${encodeURIComponent(cursor)}`
  }
}
const rows = async (q: string): Promise<readonly string[]> => {
  const { rows: found, problem } = await list(`q=${encodeURIComponent(q)}&limit=200`)
  expect(problem).toBeUndefined()
  return found.map(({ eventId, code }) => eventId ?? code ?? '?')
}

beforeAll(async () => {
  scene = createScene()
  for (let n = 1; n <= 5; n++)
    await scene.send(
      'issues.opened',
      { action: 'opened', issue: { number: n, labels: [{ name: `l${n}` }] } },
      { id: `open-${n}` },
    )
  await scene.send('push', { ref: 'refs/heads/main' }, { id: 'push-1' })
  await scene.send('push', { ref: 'refs/heads/main' }, { id: 'push-1' })
  scene.broken = true
  await scene.send('issues.closed', { action: 'closed', note: 'with "quotes"' }, { id: 'closed-1' })
  scene.broken = false
  const forged = await signedInit(github({ secret: 'another secret' }), 'push')
  await scene.github.receive(forged)
  await scene.github.receive({ method: 'POST', url: 'http://localhost/', headers: {}, body: '{}' })
  await scene.written()
})
afterAll(() => scene.close())

describe('deliveries', () => {
  test('newest first, each with what became of its tasks', async () => {
    const { rows: found } = await list('limit=5')
    expect(
      found.map(({ outcome, code, topic, eventId }) => [outcome, code, topic, eventId]),
    ).toEqual([
      ['rejected', 'missing_header', undefined, undefined],
      ['rejected', 'signature_mismatch', undefined, expect.any(String)],
      ['accepted', undefined, 'issues.closed', 'closed-1'],
      ['duplicate', undefined, 'push', 'push-1'],
      ['accepted', undefined, 'push', 'push-1'],
    ])
    expect(found[2]).toMatchObject({
      id: expect.stringMatching(/^delivery:/),
      receiver: 'github',
      status: 200,
      took: expect.any(Number),
      tasks: [{ subscription: 'deploy', state: 'dead', attempts: 1, retrying: false }],
    })
    expect(found[1]).toMatchObject({ reason: expect.any(String), status: 401 })
  })

  test('a rejected one shows the topic that it claims, as a claim, to who may see payloads', async () => {
    const { rows: found } = await list('q=code:signature_mismatch')
    expect([found[0]!.topic, found[0]!.claims]).toEqual([undefined, 'push'])
    expect(await rows('topic:push'), 'a claim is not a topic').toEqual(['push-1', 'push-1'])
    const bob = scene.as({ allow: 'all', payloads: false })
    const { rows: seen } = await bob.get<ListReply>('list?q=code:signature_mismatch')
    expect([seen.length, seen[0]!.claims]).toEqual([1, undefined])
  })

  test('pages carry on where the last one ended', async () => {
    const seen = (await paged('limit=3')).map(({ id }) => id)
    expect([seen.length, new Set(seen).size]).toEqual([10, 10])
  })

  test('qualifiers', async () => {
    expect(await rows('outcome:rejected')).toHaveLength(2)
    expect(await rows('code:missing_header')).toEqual(['missing_header'])
    expect(await rows('topic:issues.*')).toHaveLength(6)
    expect(await rows('id:push-1')).toEqual(['push-1', 'push-1'])
    expect(await rows('id:"push-1" outcome:duplicate')).toEqual(['push-1'])
    expect(await rows('since:1h')).toHaveLength(10)
    expect(await rows('until:1h')).toEqual([])
    expect(await rows('since:2020-01-01 until:2020-01-02')).toEqual([])
    expect(await rows('receiver:stripe')).toEqual([])
    expect(await rows('open-3')).toEqual(['open-3'])
    const { rows: differing } = await list('q=code:signature_mismatch')
    expect(await rows(`"${differing[0]!.reason!.slice(0, 40)}"`)).toHaveLength(1)
  })
})

describe('tasks', () => {
  test('qualifiers, with the filter for actions on all that match', async () => {
    const { rows: found, tasks } = await list('q=state:dead')
    expect(found).toMatchObject([
      { id: expect.stringMatching(/^task:/), tasks: [{ state: 'dead' }] },
    ])
    expect(tasks).toEqual({ state: 'dead' })
    expect(await rows('subscription:deploy state:done topic:issues.*')).toHaveLength(5)
    expect(await rows('state:done since:1h open-2')).toEqual(['open-2'])
    const [cause] = await scene.inbox.view!.causes()
    expect(await rows(`cause:${cause!.cause}`)).toEqual(['closed-1'])
  })

  test('a row says why its task is dead; who may not see payloads sees the class and the place', async () => {
    const [row] = (await list('q=state:dead')).rows
    expect(row!.tasks[0]!.failure).toMatch(/^build \d+ failed$/)
    const { rows: arrivals } = await list('q=id:closed-1')
    expect(arrivals[0]!.tasks[0]!.failure).toMatch(/^build \d+ failed$/)
    const { rows: done } = await list('q=id:open-1')
    expect(done[0]!.tasks[0]!.failure).toBeUndefined()
    const bob = scene.as({ allow: 'read', payloads: false })
    const hidden = await bob.get<ListReply>('list?q=state:dead')
    expect(hidden.rows[0]!.tasks[0]!.failure).toMatch(/^thrown at .*scene\.ts:\d+$/)
  })

  test('values of the payload, in arrays too, and no filter for actions', async () => {
    expect(await rows('payload.issue.number:3')).toEqual(['open-3'])
    expect(await rows('payload.issue.labels.name:l4')).toEqual(['open-4'])
    expect(await rows('payload.issue.labels.0.name:l4')).toEqual(['open-4'])
    expect(await rows('payload.action:opened payload.issue.number:2')).toEqual(['open-2'])
    expect(await rows('payload.note:"with \\"quotes\\""')).toEqual(['closed-1'])
    expect(await rows('payload.issue.nothing:3')).toEqual([])
    expect(await rows('payload.__proto__.x:1')).toEqual([])
    const { tasks } = await list('q=payload.action:opened')
    expect(tasks).toBeUndefined()
  })

  test('a scan goes on when asked, and misses nothing', async () => {
    const seen = (await paged('q=payload.action:opened&limit=1')).map(({ eventId }) => eventId)
    expect(seen).toEqual(['open-5', 'open-4', 'open-3', 'open-2', 'open-1'])
  })
})

describe('one search', () => {
  test('looks in ids, errors and payloads, and says where', async () => {
    const found = async (q: string) =>
      (await list(`q=${encodeURIComponent(q)}`)).rows.map(({ eventId, by }) => `${by} ${eventId}`)
    expect(await found('open-3')).toEqual(['id open-3'])
    const { rows: dead } = await list('q=state:dead')
    const detail = await scene.get(`task?id=${dead[0]!.tasks[0]!.id}`)
    const { message } = detail['tasks'][0].error
    expect(await found(message.slice(0, 5))).toContain('error closed-1')
    expect(await found('with "quotes"')).toEqual([])
    expect(await found('l4')).toContain('payload open-4')
    expect(await found('since:yesterday open-3')).toEqual(['id open-3'])
    expect(await found('"http://nowhere"')).toEqual([])
  })

  test('goes on over pages until every place is at its end', async () => {
    const seen = (await paged('q=open&limit=2')).map(({ eventId }) => eventId)
    for (const id of ['open-1', 'open-2', 'open-3', 'open-4', 'open-5']) expect(seen).toContain(id)
  })

  test('leaves out, and looks through errors and statuses', async () => {
    expect(await rows('-outcome:accepted -outcome:rejected')).toEqual(['push-1'])
    expect(await rows('status:401')).toEqual(await rows('outcome:rejected'))
    expect(await rows('error:BUILD')).toEqual(['closed-1'])
    expect(await rows('state:dead -error:build')).toEqual([])
    expect(await rows('state:done -topic:issues.*')).toEqual(['push-1'])
    expect(await rows('-topic:push -topic:issues.* outcome:accepted')).toEqual([])
    expect(await rows('payload.action:opened -payload.issue.number:2 -id:open-5')).toEqual([
      'open-4',
      'open-3',
      'open-1',
    ])
    expect(await rows('payload.action:opened -state:done')).toEqual([])
    expect(await rows('open -topic:issues.opened')).not.toContain('open-1')
    expect((await list('q=error:build')).tasks).toBeUndefined()
    const blind = scene.as({ allow: 'all', payloads: false })
    expect(await blind.get('list?q=error:build')).toMatchObject({ statusCode: 403 })
    expect(await blind.get('list?q=build')).toMatchObject({ statusCode: 403 })
  })
})

describe('what cannot be meant', () => {
  test.each([
    [
      'state:dead outcome:rejected',
      'state: lists tasks and outcome: lists deliveries; remove one of them',
    ],
    ['payload.a:1 code:x', 'payload: lists tasks and code: lists deliveries; remove one of them'],
    ['state:asleep', 'state must be one of pending, running, done, dead, got asleep'],
    ['state:ded', 'state must be one of pending, running, done, dead, got ded; did you mean dead?'],
    [
      '-outcome:rejectd',
      'outcome must be one of accepted, duplicate, handshake, unhandled, rejected, got rejectd; did you mean rejected?',
    ],
    ['status:4xx', 'status: is the number of a reply, such as 401'],
    ['payload.issue', 'payload.issue has no value; write one, as in payload.user.id:7'],
    ['payload.issue.number:', 'payload.issue.number: has no value'],
    ['error:', 'error: has no value'],
    [
      'since:soon',
      'since: is an age such as 30m, 2h or 7d, today, yesterday, or a date such as 2026-01-31T08:00Z',
    ],
    [
      'stat:dead',
      'stat: is not a qualifier; did you mean state:? put text with a colon in double quotes',
    ],
    ['-since:2h', '-since: cannot be negated; give the other one'],
    ['error:x status:401', 'error: lists tasks and status: lists deliveries; remove one of them'],
    ['topic:a topic:b', 'topic: is given twice; give it once'],
    ['state:', 'state: has no value'],
  ])('%s', async (q, problem) => {
    expect(await list(`q=${encodeURIComponent(q)}`)).toMatchObject({
      rows: [],
      problem,
      statusCode: 200,
    })
  })

  test.each([
    ['stat:dead push', 'state:dead push'],
    ['push -outcome:rejectd', 'push -outcome:rejected'],
    ['state:"ded"', undefined],
    ['colour:red', undefined],
  ])('the search that may be meant by %s', async (q, meant) => {
    expect((await list(`q=${encodeURIComponent(q)}`)).meant).toBe(meant)
  })

  test('a limit that is too large or zero', async () => {
    expect(await list('limit=1e9')).toMatchObject({ statusCode: 400, error: 'limit' })
    expect(await list('limit=0')).toMatchObject({ statusCode: 400 })
  })

  test('a cursor of elsewhere', async () => {
    expect((await list('q=state:dead&cursor=..%2f..')).statusCode).toBe(400)
  })
})

describe('who may not see payloads', () => {
  test('searches none', async () => {
    const bob = scene.as({ allow: 'read', payloads: false })
    expect(await bob.get('list?q=payload.action:opened')).toMatchObject({ statusCode: 403 })
    expect(await bob.get('list?q=state:done+main')).toMatchObject({ statusCode: 403 })
    expect(await bob.get('list?q=state:done')).toMatchObject({ statusCode: 200 })
  })
})

describe('a field of the payload', () => {
  const withField = async (
    path: string,
    { who = scene, topic = 'issues.opened' }: { who?: Viewer; topic?: string } = {},
  ): Promise<readonly (string | undefined)[]> => {
    const fields = encodeURIComponent(JSON.stringify([['github', topic, path]]))
    const { rows: found } = await who.get<ListReply>(`list?limit=200&fields=${fields}`)
    return found.filter((row) => row.topic === topic).map(({ field }) => field)
  }

  test('is in the rows of its topic, and the rest of the payload is not', async () => {
    expect(await withField('issue.number')).toEqual(['5', '4', '3', '2', '1'])
    expect(await withField('issue.labels.name')).toEqual(['l5', 'l4', 'l3', 'l2', 'l1'])
    expect(await withField('issue')).toEqual(Array.from({ length: 5 }, () => undefined))
    expect(await withField('')).not.toContain(expect.anything())
    expect(await withField('__proto__.polluted')).not.toContain(expect.anything())
    expect(await withField('ref', { topic: 'push' })).toEqual([
      'refs/heads/main',
      'refs/heads/main',
    ])
    const fields = encodeURIComponent(JSON.stringify([['github', 'issues.opened', 'issue.number']]))
    const text = JSON.stringify(await scene.get(`list?limit=200&fields=${fields}`))
    expect(text).not.toMatch(/refs\/heads|"l5"/)
  })

  test('is not for who may not see payloads: their reply is the same without the question', async () => {
    const bob = scene.as({ allow: 'all', payloads: false })
    const { version: _, ...asked } = await bob.get<ListReply>(
      `list?q=state:done&fields=${encodeURIComponent('[["github","issues.opened","issue.number"]]')}`,
    )
    const { version: __, ...plain } = await bob.get<ListReply>('list?q=state:done')
    expect(asked).toEqual(plain)
  })

  test('is masked by a name of a credential, bounded in length, and needs the key of what is encrypted', async () => {
    const odd = createScene()
    const smile = `${'x'.repeat(119)}😀`
    await odd.send('push', { token: 'tok_live', long: smile, big: 'y'.repeat(2_000_000) })
    expect(await withField('token', { who: odd, topic: 'push' })).toEqual(['(masked)'])
    expect(await withField('long', { who: odd, topic: 'push' })).toEqual([`${'x'.repeat(119)}…`])
    expect((await withField('big', { who: odd, topic: 'push' }))[0]).toHaveLength(121)
    await odd.inbox.view!.erase({})
    const fresh = odd.as({ allow: 'read' })
    expect(await withField('long', { who: fresh, topic: 'push' })).toEqual([undefined])
    await odd.close()
    const encryptionKey = Buffer.alloc(32, 7).toString('base64')
    const sealed = createScene({ receiver: { storage: { encryptionKey } } })
    await sealed.send('push', { ref: 'refs/heads/main' })
    expect(await withField('ref', { who: sealed, topic: 'push' })).toEqual([undefined])
    const keyed = viewer({ inbox: sealed.inbox, encryptionKey, auth: () => ({ allow: 'read' }) })
    expect(await withField('ref', { who: keyed, topic: 'push' })).toEqual(['refs/heads/main'])
    await sealed.close()
  })

  test.each(['x', '{}', '[1]', '[["a","b"]]', JSON.stringify(Array(21).fill(['a', 'b', 'c']))])(
    'cannot be meant by %s',
    async (fields) => {
      const reply = await scene.get(`list?fields=${encodeURIComponent(fields)}`)
      expect(reply).toMatchObject({ error: 'fields', statusCode: 400 })
    },
  )
})

describe('suggestions', () => {
  const suggest = async (q: string): Promise<readonly string[]> =>
    (await scene.get<SuggestReply>(`suggest?q=${encodeURIComponent(q)}`)).suggestions.map(
      ({ insert }) => insert,
    )

  test('qualifiers, and values that are there', async () => {
    expect(await suggest('state:dead su')).toEqual(['subscription:'])
    expect(await suggest('state:d')).toEqual(['state:pending', 'state:done', 'state:dead'])
    expect(await suggest('topic:iss')).toEqual(['topic:issues.opened', 'topic:issues.closed'])
    expect(await suggest('code:')).toEqual(['code:missing_header', 'code:signature_mismatch'])
    expect(await suggest('cause:build')).toHaveLength(1)
    expect(await suggest('receiver:')).toEqual(['receiver:github', 'receiver:stripe'])
    expect(await suggest('subscription:le')).toEqual([])
    expect(await suggest('-outcome:rej')).toEqual(['-outcome:rejected'])
    expect(await suggest('since:yes')).toEqual(['since:yesterday'])
    expect(await suggest('nothing:x')).toEqual([])
    expect(await suggest('__proto__:x')).toEqual([])
  })
})

describe('suggestions of payloads', () => {
  const suggest = async (q: string, viewer: Viewer = scene): Promise<SuggestReply['suggestions']> =>
    (await viewer.get<SuggestReply>(`suggest?q=${encodeURIComponent(q)}`)).suggestions

  test('are the names that the newest have, then the values that stand there', async () => {
    expect(await suggest('state:done payl')).toEqual([{ insert: 'payload.' }])
    const names = await suggest('payload.')
    expect(names).toHaveLength(12)
    expect(names[0]).toEqual({ insert: 'payload.action:', note: expect.any(String) })
    const [number, ...more] = await suggest('state:done payload.issue.NUM')
    expect([number, more]).toEqual([
      { insert: 'payload.issue.number:', note: expect.any(String) },
      [],
    ])
    const values = await suggest('-payload.issue.labels.name:l')
    expect(values.map(({ insert }) => insert)).toEqual(
      ['l5', 'l4', 'l3', 'l2', 'l1'].map((value) => `-payload.issue.labels.name:${value}`),
    )
  })

  test('have names and values that need a backslash or quotes, which find their delivery', async () => {
    const odd = createScene()
    await odd.send('push', { 'a.b c': [{ 'd:e': 'x "y\\" z' }], empty: '' }, { id: 'odd-1' })
    await odd.send('push', {}, { id: 'even-1' })
    const found = async (q: string): Promise<readonly string[]> =>
      (await odd.get<ListReply>(`list?q=${encodeURIComponent(q)}`)).rows.map(
        ({ eventId }) => eventId!,
      )
    const [name] = await suggest(String.raw`payload.a\.b`, odd)
    expect(name).toEqual({
      insert: String.raw`payload.a\.b\ c.d\:e:`,
      note: String.raw`x "y\" z`,
    })
    const [value] = await suggest(name!.insert, odd)
    expect(value!.insert).toBe(String.raw`payload.a\.b\ c.d\:e:"x \"y\\\" z"`)
    expect(await found(value!.insert)).toEqual(['odd-1'])
    expect(await found('payload.empty:""')).toEqual(['odd-1'])
    await odd.close()
  })

  test('are none for a visitor who may not see payloads', async () => {
    const bob = scene.as({ allow: 'read', payloads: false })
    expect(await suggest('payload.', bob)).toEqual([])
    expect(await suggest('payload.issue.number:', bob)).toEqual([])
    expect(await suggest('payl', bob)).toEqual([])
  })

  test('of encrypted payloads need the key', async () => {
    const encryptionKey = Buffer.alloc(32, 7).toString('base64')
    const encrypted = createScene({
      receiver: { storage: { encryptionKey } },
      inspector: { encryptionKey },
    })
    await encrypted.send('push', { ref: 'refs/heads/main' }, { id: 'a' })
    expect((await suggest('payload.re', encrypted))[0]).toEqual({
      insert: 'payload.ref:',
      note: 'refs/heads/main',
    })
    const blind = viewer({ inbox: encrypted.inbox, auth: () => ({ allow: 'read' }) })
    expect(await suggest('payload.re', blind)).toEqual([])
    await encrypted.close()
  })
})

test('viewers with the same question share one answer, and see at once what has changed', async () => {
  const inbox = temporaryInbox()
  let asked = 0
  const counting = {
    ...inbox,
    journal: {
      ...inbox.journal!,
      deliveries: (filter: object) => {
        if ('limit' in filter && filter.limit === 50) asked++
        return inbox.journal!.deliveries(filter)
      },
    },
  }
  const shared = createScene({ inbox: counting })
  await shared.send('push', {}, { id: 'a' })
  const reply = await Promise.all(Array.from({ length: 20 }, () => shared.get<ListReply>('list')))
  expect([asked, reply[19]!.rows.length]).toEqual([1, 1])
  const before = reply[0]!.version
  await shared.send('push', {}, { id: 'b' })
  await expect
    .poll(async () => (await shared.get<ListReply>('list')).rows.length, { interval: 50 })
    .toBe(2)
  expect((await shared.get('version'))['version']).not.toBe(before)
  await shared.close()
})
