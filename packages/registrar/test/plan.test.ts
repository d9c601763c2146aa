// The rules that all registrars share, tested with a sender in memory.
import { expect, test } from 'vitest'
import { defineRegistrar } from '../src/common/define.ts'
import type { RegistrarSpec } from '../src/common/spec.ts'
import { RegistrarError } from '../src/errors.ts'
import type { Endpoint, Plan } from '../src/registrar.ts'

const url = 'https://app.example/octo'
const old = 'https://old.example/octo'

function sender(endpoints: Endpoint[] = [], more: Partial<RegistrarSpec> = {}) {
  const calls: string[] = []
  let next = 1
  const registrar = defineRegistrar({
    provider: 'octo',
    account: 'account',
    kind: 'hook',
    names: { known: ['a', 'b', 'c.d', 'c.e'] },
    list: async () => structuredClone(endpoints),
    async create({ url: at, topics }) {
      const id = `new-${next++}`
      calls.push(`create ${id} ${topics.join('+')}`)
      endpoints.push(endpoint(id, at, topics))
      return { id }
    },
    async update({ id }, { url: at, topics }) {
      calls.push(`update ${id} ${topics.join('+')}`)
      Object.assign(
        endpoints.find((each) => each.id === id)!,
        { url: at, topics },
      )
    },
    async delete({ id }) {
      calls.push(`delete ${id}`)
      endpoints.splice(
        endpoints.findIndex((each) => each.id === id),
        1,
      )
    },
    ...more,
  })
  return { registrar, calls, endpoints }
}

function endpoint(
  id: string,
  at: string,
  topics: readonly string[],
  more: Partial<Endpoint> = {},
): Endpoint {
  return { id, url: at, topics, enabled: true, state: 'active', ...more }
}

test('expands wildcards, and says why each step is taken', async () => {
  const { registrar } = sender([endpoint('1', url, ['a'])])
  const plan = await registrar.plan({ url, topics: ['c.*', 'a'] })
  expect(plan.steps).toEqual([
    {
      do: 'update',
      kind: 'hook',
      id: '1',
      before: { url, topics: ['a'] },
      after: { url, topics: ['a', 'c.d', 'c.e'] },
      why: 'topics +c.d +c.e',
    },
  ])
})

test('keeps the endpoint that has the URL, and deletes those that would deliver twice, last', async () => {
  const { registrar, calls } = sender([
    endpoint('1', old, ['a']),
    endpoint('2', url, ['b']),
    endpoint('3', url, ['a']),
    endpoint('4', 'https://stranger.example', ['a']),
  ])
  await registrar.apply(await registrar.plan({ url, topics: ['a'], previousUrls: [old] }))
  expect(calls).toEqual(['delete 1', 'delete 2'])
})

test('deletes nothing after a step that failed: what delivers now goes on', async () => {
  const update = async (): Promise<never> => {
    throw new RegistrarError('invalid', 'octo: no')
  }
  const { registrar, calls } = sender([endpoint('1', url, ['b']), endpoint('2', old, ['a'])], {
    update,
  })
  const results = await registrar.apply(
    await registrar.plan({ url, topics: ['a'], previousUrls: [old] }),
  )
  expect(results.map(({ do: what, state, reason }) => [what, state, reason])).toEqual([
    ['update', 'failed', 'octo: no'],
    ['delete', 'failed', 'not tried, since a step before it is not done'],
  ])
  expect(calls).toEqual([])
})

test('tries no further step when the token is rejected', async () => {
  const create = async (): Promise<never> => {
    throw new RegistrarError('unauthorized', 'octo: token')
  }
  const { registrar } = sender([], { one: 'topic', create })
  const results = await registrar.apply(await registrar.plan({ url, topics: ['a', 'b'] }))
  expect(results.map(({ reason }) => reason)).toEqual([
    'octo: token',
    'not tried, since a step before it failed (unauthorized)',
  ])
})

test('goes on with a plan that was taken in part, and rejects one that another has outrun', async () => {
  const { registrar, calls, endpoints } = sender([], { one: 'topic' })
  const plan = await registrar.plan({ url, topics: ['a', 'b'] })
  endpoints.push(endpoint('by-hand', url, ['a']))
  await registrar.apply(plan)
  expect(calls).toEqual(['create new-1 b'])
  endpoints.push(endpoint('more', url, ['c.d']))
  await expect(registrar.apply(plan)).rejects.toMatchObject({ code: 'stale_plan' })
  const other = { ...plan, account: 'another account' } satisfies Plan
  await expect(registrar.apply(other)).rejects.toThrow(/^plan: must be made by this registrar/)
})

test('replaces what the sender gave up', async () => {
  const { registrar, calls } = sender([endpoint('1', url, ['a'], { state: 'failed' })])
  const plan = await registrar.plan({ url, topics: ['a'] })
  expect(plan.steps).toMatchObject([
    { do: 'replace', why: expect.stringContaining('stopped delivering to it') },
  ])
  await registrar.apply(plan)
  expect(calls).toEqual(['create new-1 a', 'delete 1'])
})

test('says that an endpoint is left when its secret could not be kept and it could not be deleted', async () => {
  const create = async () => ({ id: 'x', secret: 'a-secret-0123456789' })
  const remove = async (): Promise<never> => {
    throw new RegistrarError('unavailable', 'octo: away')
  }
  const { registrar } = sender([], { secret: 'told', create, delete: remove })
  const plan = await registrar.plan({ url, topics: ['a'] })
  const onSecret = (): never => {
    throw new Error('the vault is closed')
  }
  expect(await registrar.apply(plan, { onSecret })).toMatchObject([
    {
      state: 'failed',
      reason: expect.stringContaining('hook x must be deleted, which failed too'),
    },
  ])
})

test('shows no password of a URL that it lists', async () => {
  const { registrar } = sender([endpoint('1', 'https://user:password@stranger.example/', ['a'])])
  expect((await registrar.list())[0]!.url).toBe('https://user:***@stranger.example/')
  expect(JSON.stringify(await registrar.status())).not.toContain('password')
})

test('rejects a want that cannot be met', async () => {
  const { registrar } = sender()
  const plan = (want: object) => registrar.plan({ url, topics: ['a'], ...want })
  await expect(plan({ url: 'https://user:password@app.example' })).rejects.toThrow(
    /^url: must carry no user name/,
  )
  await expect(plan({ url: '/octo' })).rejects.toThrow(/^url: must be an absolute https URL/)
  await expect(plan({ topics: [] })).rejects.toThrow(/^topics: must be one topic pattern or more/)
  await expect(plan({ topics: ['z'] })).rejects.toThrow(
    /^topics: must have one that octo can subscribe to/,
  )
  await expect(plan({ topcis: ['a'] })).rejects.toThrow(/topcis/)
  await expect(plan({ topics: ['a*'] })).rejects.toThrow(TypeError)
})
