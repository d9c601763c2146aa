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
    more: ({ hooks }, at) => hooks.push({ ...hooks[0]!, id: 1000 + at }),
    disable: (fake, id) => void (hookOf(fake, id).active = false),
    secretOf: (fake, id) => hookOf(fake, id).secret,
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

test('lists the failed deliveries of a hook, also those without an answer', async () => {
  const delivery = { delivered_at: '2026-01-01T00:00:03Z', event: 'push', action: null }
  const deliveries = [200, 0, 500].map((status_code, id) => ({
    ...delivery,
    id,
    guid: `guid-${id}`,
    status_code,
  }))
  const fake = await opened(startGithub({ deliveries }))
  const registrar = make(fake.url)
  await registrar.apply(await registrar.plan({ url, topics: ['push'] }), { secret })
  const [{ failures } = { failures: undefined }] = await registrar.status({ url })
  const at = Date.parse(delivery.delivered_at)
  expect(failures).toMatchObject([
    { at, reason: 'failed to connect' },
    { at, status: 500 },
  ])
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

test('takes one of two hooks with the same URL away', async () => {
  const fake = await opened(startGithub())
  const [hook] = fake.hooks
  for (const id of [1, 2]) fake.hooks.push({ ...hook!, id, url, ...SETTINGS })
  const plan = await make(fake.url).plan({ url, topics: ['push'] })
  expect(plan.steps).toMatchObject([{ do: 'delete', why: expect.stringContaining('twice') }])
})

const SETTINGS = { content_type: 'json', insecure_ssl: '0' }

function hookOf({ hooks }: Awaited<ReturnType<typeof startGithub>>, id: string) {
  return hooks.find((hook) => String(hook.id) === id)!
}
