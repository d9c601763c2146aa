import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGuard } from '../../src/guard/guard.ts'
import { guardedFetch, strangersGuard } from '../../src/guard/guarded-fetch.ts'
import { fetchBounded, fetchNamed } from '../../src/provider/lookup/jwks.ts'

const asked: string[] = []
const server = createServer((request, response) => {
  asked.push(`${request.headers.host} ${request.url}`)
  if (request.url === '/moved') response.writeHead(302, { location: 'http://127.0.0.1/' }).end()
  else if (request.url === '/long') response.end(Buffer.alloc(300 * 1024))
  else response.end('hello')
})
let port = 0
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ;({ port } = server.address() as AddressInfo)
})
afterAll(() => void server.close())

/** Returns a DNS look-up that finds the next list of addresses at each call, and then the last list again. */
function resolving(...lists: readonly (readonly string[])[]): LookupFunction {
  let at = 0
  return (_name, options, done) => {
    const found = lists[Math.min(at++, lists.length - 1)]!.map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }))
    if (options.all) done(null, found)
    else done(null, found[0]!.address, found[0]!.family)
  }
}

const local = (lookup: LookupFunction) =>
  guardedFetch(createGuard({ allowHttp: true, allowPrivate: (one) => one === '127.0.0.1', lookup }))

describe('a guarded fetch', () => {
  test('connects to the address that was checked, with the name that was asked', async () => {
    asked.length = 0
    const fetch = local(resolving(['127.0.0.1'], ['10.0.0.1']))
    const bytes = await fetchBounded(`http://issuer.example:${port}/a?b=1`, { fetch })
    expect(new TextDecoder().decode(bytes)).toBe('hello')
    expect(asked).toEqual([`issuer.example:${port} /a?b=1`])
  })

  test('tries the next address if one does not answer', async () => {
    const fetch = local(resolving(['::1', '127.0.0.1']))
    const guard = createGuard({
      allowHttp: true,
      allowPrivate: true,
      lookup: resolving(['::1', '127.0.0.1']),
    })
    await expect(fetchBounded(`http://issuer.example:${port}/`, { fetch })).rejects.toThrow()
    const found = await fetchBounded(`http://issuer.example:${port}/`, {
      fetch: guardedFetch(guard),
    })
    expect(found).toHaveLength(5)
  })

  test.each(['/moved', '/long'])('has the bounds of any fetch: %s', async (path) => {
    const fetch = local(resolving(['127.0.0.1']))
    await expect(fetchBounded(`http://a.example:${port}${path}`, { fetch })).rejects.toMatchObject({
      code: 'secret_unavailable',
    })
  })

  test.each([
    ['a private address', ['10.0.0.1']],
    ['a private address beside a public one', ['93.184.215.14', '169.254.169.254']],
    ['an address of this machine', ['127.0.0.1']],
  ])('of what a stranger names connects to nothing if it is %s', async (_what, found) => {
    asked.length = 0
    const fetch = guardedFetch(strangersGuard(resolving(found)))
    await expect(fetch('http://issuer.example/', {})).rejects.toThrow('public internet')
    expect(asked).toEqual([])
  })
})

test.each([
  'http://127.0.0.1/',
  'http://127.1:80/',
  'http://2130706433/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://169.254.169.254/latest/meta-data/',
  'http://localhost/',
  'http://metadata/',
  'http://metadata.google.internal/',
  'http://printer.local/',
  'http://issuer.example:8080/',
  'http://user:password@issuer.example/',
  'ftp://issuer.example/',
  'file:///etc/passwd',
  'no URL',
])('%s, named by a stranger, is fetched by no fetch at all', async (url) => {
  let fetched = 0
  const fetch = async () => {
    fetched++
    return new Response('')
  }
  expect(await fetchNamed(url, { fetch }, ['issuers.example'])).toBeUndefined()
  expect(fetched).toBe(0)
})

test('a host of the list is fetched as usual, on its own port alone', async () => {
  const urls: string[] = []
  const fetch = async (url: string) => {
    urls.push(url)
    return new Response('hello')
  }
  const hosts = ['issuer']
  expect(await fetchNamed('http://issuer/a.cer', { fetch }, hosts)).toHaveLength(5)
  expect(await fetchNamed('http://issuer:8080/a.cer', { fetch }, hosts)).toBeUndefined()
  expect(urls).toEqual(['http://issuer/a.cer'])
})
