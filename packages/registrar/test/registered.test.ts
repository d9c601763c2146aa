import { afterEach, beforeEach, expect, test } from 'vitest'
import { githubRegistrar } from '../src/github.ts'
import { registered } from '../src/index.ts'
import type { Registrar } from '../src/registrar.ts'
import { GITHUB_TOKEN, startGithub } from './fakes/github.ts'

const url = 'https://app.example/github'
let fake: Awaited<ReturnType<typeof startGithub>>
let registrar: Registrar
beforeEach(async () => {
  fake = await startGithub()
  registrar = githubRegistrar({ api: fake.url, token: GITHUB_TOKEN, repository: 'octo/hello' })
})
afterEach(async () => {
  await fake.close()
  expect(fake.problems).toEqual([])
})

test('tells what is registered and what differs, and changes nothing', async () => {
  const topics = ['issues.opened', 'push', 'isues.closed', 'ping']
  const before = await registered(registrar, { url, topics })
  expect(before).toEqual({
    provider: 'github',
    account: 'repository octo/hello',
    url,
    endpoints: [],
    differs: [
      'create hook: no endpoint has this URL; lacks issues, push',
      'isues.closed: the sender has no such topic',
      expect.stringMatching(/^ping: set it by hand; /) as string,
    ],
  })
  expect(fake.changes()).toBe(0)

  const secret = 'a-secret-0123456789'
  await registrar.apply(await registrar.plan({ url, topics: ['push', 'release'] }), { secret })
  fake.hooks.at(-1)!.active = false
  const { endpoints, differs } = await registered(registrar, { url, topics: ['push', 'issues'] })
  expect(endpoints).toMatchObject([{ url, topics: ['push', 'release'], delivering: false }])
  const { id } = endpoints[0]!
  expect(differs).toEqual([
    expect.stringMatching(
      new RegExp(`^update hook ${id}: .*; lacks issues; has release in addition$`),
    ) as string,
    `${id}: the sender does not deliver there; turn it on again`,
  ])
  expect(JSON.stringify(await registered(registrar, { url, topics }))).not.toContain(secret)

  await registrar.enable!(id)
  expect((await registered(registrar, { url, topics: ['push', 'release.*'] })).differs).toEqual([])
  expect((await registered(registrar, { url, topics: ['ping'] })).differs).toEqual([
    expect.stringMatching(/^topics: must have one that github can subscribe to/) as string,
  ])
})
