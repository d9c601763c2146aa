import { expect, test } from 'vitest'
import { githubAppRegistrar } from '../src/github-app.ts'
import { githubRegistrar } from '../src/github.ts'
import { testRegistrar } from './contract.ts'
import { GITHUB_TOKEN, startGithub } from './fakes/github.ts'
import { startGithubApp } from './fakes/github-app.ts'
import { opened } from './fakes/opened.ts'

const url = 'https://app.example/github'
const secret = 'a-secret-of-the-receiver-0123456789'
const owners = [
  ['repository', { repository: 'octo/hello' }, '/repos/{owner}/{repo}/hooks'],
  ['organization', { organization: 'octo' }, '/orgs/{org}/hooks'],
] as const
const make = (api: string) =>
  githubRegistrar({ api, token: GITHUB_TOKEN, repository: 'octo/hello', wait: async () => {} })

for (const [kind, owner, base] of owners)
  testRegistrar(`GitHub, ${kind}`, {
    start: () => startGithub({}, base),
    make: (options, token) => githubRegistrar({ ...options, ...owner, token }),
    token: GITHUB_TOKEN,
    patterns: ['issues.opened', 'push'],
    topics: ['issues', 'push'],
    others: ['push', 'release.*'],
    apply: { secret },
  })

testRegistrar('GitHub, App', {
  start: startGithubApp,
  make: (options, jwt) => githubAppRegistrar({ ...options, jwt }),
  token: GITHUB_TOKEN,
  patterns: ['issues.opened', 'push'],
  topics: ['issues', 'push'],
  others: ['push'],
  apply: { secret },
  single: true,
  lacks: ['foreign', 'topics', 'remove'],
})

test('names what is wider, unknown and set by hand', () => {
  const registrar = make('http://127.0.0.1:9')
  expect(
    registrar.map(['issues.opened', 'release.*', 'isues.opened', 'installation.created', 'ping']),
  ).toEqual({
    topics: ['issues', 'release'],
    wider: [{ pattern: 'issues.opened', becomes: 'issues' }],
    unknown: ['isues.opened'],
    manual: [
      { pattern: 'installation.created', why: expect.stringContaining('GitHub Apps') },
      { pattern: 'ping', why: expect.stringContaining('by itself') },
    ],
  })
  expect(registrar.map(['**']).topics).toEqual(['*'])
  expect(registrar.map(['*.opened'])).toMatchObject({
    topics: ['*'],
    wider: [{ pattern: '*.opened', becomes: '*' }],
  })
})

test('makes a hook of JSON with a checked certificate, and never without a secret', async () => {
  const fake = await opened(startGithub())
  const registrar = make(fake.url)
  const plan = await registrar.plan({ url, topics: ['push'] })
  await expect(registrar.apply(plan)).rejects.toThrow(/^secret: must be given/)
  expect(fake.changes()).toBe(0)
  await registrar.apply(plan, { secret })
  expect(fake.hooks.at(-1)).toMatchObject({ content_type: 'json', insecure_ssl: '0', secret })
})

test('keeps the secret of a hook that it changes', async () => {
  const fake = await opened(startGithub())
  const registrar = make(fake.url)
  await registrar.apply(await registrar.plan({ url, topics: ['push'] }), { secret })
  const want = { url: `${url}/v2`, topics: ['issues'], previousUrls: [url] }
  await registrar.apply(await registrar.plan(want))
  expect(fake.hooks.at(-1)).toMatchObject({ url: `${url}/v2`, events: ['issues'], secret })
})

test('gives the new secret to the receiver before GitHub signs with it', async () => {
  const fake = await opened(startGithub())
  const registrar = make(fake.url)
  await registrar.apply(await registrar.plan({ url, topics: ['push'] }), { secret })
  const hook = fake.hooks.at(-1)!
  const seen: unknown[] = []
  await registrar.rotate!(String(hook.id), { onSecret: (told) => seen.push(told, hook.secret) })
  expect(seen).toEqual([
    { provider: 'github', endpoint: String(hook.id), url, secret: hook.secret },
    secret,
  ])
  await expect(
    registrar.rotate!(String(hook.id), {
      onSecret() {
        throw new Error('vault is down')
      },
    }),
  ).rejects.toThrow('vault is down')
  expect(hook.secret).toBe((seen[0] as { secret: string }).secret)
})

test('tells that a hook is off and its last failures, and turns it on', async () => {
  const fake = await opened(
    startGithub({
      deliveries: [
        delivery(3, 200),
        { ...delivery(2, 0), delivered_at: '2026-01-01T00:00:02Z' },
        { ...delivery(1, 500), delivered_at: '2026-01-01T00:00:01Z' },
      ],
    }),
  )
  const registrar = make(fake.url)
  await registrar.apply(await registrar.plan({ url, topics: ['push'] }), { secret })
  const hook = fake.hooks.at(-1)!
  hook.active = false
  expect(await registrar.status({ url })).toMatchObject([
    {
      delivering: false,
      failures: [
        { at: Date.parse('2026-01-01T00:00:02Z'), reason: 'failed to connect' },
        { at: Date.parse('2026-01-01T00:00:01Z'), status: 500 },
      ],
    },
  ])
  const plan = await registrar.plan({ url, topics: ['push'] })
  expect(plan.steps).toEqual([])
  expect(plan.warnings).toEqual([expect.stringContaining('turned off')])
  await registrar.enable!(String(hook.id))
  expect(await registrar.status({ url })).toMatchObject([{ delivering: true }])
})

test('waits for the reset of a rate limit that GitHub answers with 403', async () => {
  const fake = await opened(startGithub())
  const waits: number[] = []
  const registrar = githubRegistrar({
    api: fake.url,
    token: GITHUB_TOKEN,
    repository: 'octo/hello',
    wait: async (time) => void waits.push(time),
  })
  fake.interrupt({
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.now() / 1000 - 5) },
  })
  await registrar.list()
  expect(waits).toEqual([1000])
  fake.interrupt({ status: 403, json: { message: 'Resource not accessible' } })
  await expect(registrar.list()).rejects.toMatchObject({ code: 'forbidden', status: 403 })
})

test('lists every page, and takes one of two hooks with the same URL away', async () => {
  const fake = await opened(startGithub())
  const extra = { secret: undefined, content_type: 'json', insecure_ssl: '0', active: true }
  for (let id = 1000; id < 1150; id++)
    (fake.hooks as unknown[]).push({
      ...extra,
      id,
      url: `https://x.example/${id % 149}`,
      events: ['push'],
    })
  const registrar = make(fake.url)
  expect(await registrar.list()).toHaveLength(151)
  const plan = await registrar.plan({ url: 'https://x.example/106', topics: ['push'] })
  expect(plan.steps).toMatchObject([{ do: 'delete', why: expect.stringContaining('twice') }])
})

function delivery(id: number, status: number) {
  const base = { delivered_at: '2026-01-01T00:00:03Z', event: 'push', action: null }
  return { ...base, id, guid: `guid-${id}`, status_code: status }
}
