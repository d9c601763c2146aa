import { describe, expect, test } from 'vitest'
import { fetchedJwks, givenJwks, keyedJwks, type Jwk } from '../../../src/basics/index.ts'

const URL_OF_KEYS = 'https://keys.example/jwks.json'
const MINUTE = 60_000
const unavailable = expect.objectContaining({ code: 'secret_unavailable' }) as Error

function served(...kids: string[]) {
  const set = { kids, fetches: 0, answer: undefined as Response | undefined }
  const source = fetchedJwks(URL_OF_KEYS, {
    maxAge: 10 * MINUTE,
    fetch: async () => {
      set.fetches++
      return set.answer ?? Response.json({ keys: set.kids.map((kid) => ({ kty: 'EC', kid })) })
    },
  })
  const find = async (kid: string | undefined, now: number): Promise<unknown> =>
    (await source.find(kid, now)).map((key) => key.kid)
  return { set, find }
}

describe('keys behind a URL', () => {
  test('are fetched once, also when they are asked for at the same time', async () => {
    const { set, find } = served('a', 'b')
    expect(await Promise.all([find('a', 0), find('b', 0), find(undefined, 0)])).toEqual([
      ['a'],
      ['b'],
      ['a', 'b'],
    ])
    expect(await find('a', 5 * MINUTE)).toEqual(['a'])
    expect(set.fetches).toBe(1)
  })

  test('are fetched again for an unknown id, six times a minute at most', async () => {
    const { set, find } = served('a')
    await find('a', 0)
    set.kids.push('b')
    expect(await find('b', 1)).toEqual(['b'])
    expect(set.fetches).toBe(2)
    for (let made = 0; made < 4; made++) expect(await find(`made-up ${made}`, 2)).toEqual([])
    // Names that were not fetched are `unavailable`. Names that were fetched in vain stay unknown without another
    // fetch.
    for (let made = 4; made < 50; made++)
      await expect(find(`made-up ${made}`, 2)).rejects.toThrow(unavailable)
    expect(await find('made-up 3', 3)).toEqual([])
    expect(await find('a', 4)).toEqual(['a'])
    expect(set.fetches).toBe(6)
    set.kids.push('c')
    expect(await find('c', 30_000)).toEqual(['c'])
  })

  test('are fetched again when they are old, and count on while that fails', async () => {
    const { set, find } = served('a')
    await find('a', 0)
    set.answer = new Response('', { status: 500 })
    expect(await find('a', 11 * MINUTE)).toEqual(['a'])
    set.answer = undefined
    set.kids[0] = 'b'
    expect(await find('a', 12 * MINUTE)).toEqual([])
    expect(set.fetches).toBe(3)
  })

  test('that cannot be had at all are a 503, and not asked for with each delivery', async () => {
    const { set, find } = served()
    set.answer = new Response('', { status: 500 })
    await expect(find('a', 0)).rejects.toThrow(unavailable)
    await expect(find('a', 1000)).rejects.toThrow(unavailable)
    expect(set.fetches).toBe(1)
  })

  test.each(['nonsense', '[]', '{"keys":{}}'])('that are %s are a 503', async (body) => {
    const { set, find } = served()
    set.answer = new Response(body)
    await expect(find('a', 0)).rejects.toThrow(unavailable)
  })

  test('come over https alone', () => {
    expect(() => fetchedJwks('http://keys.example/')).toThrow('https')
  })
})

describe('keys asked for one by one', () => {
  function asked(known: Record<string, Jwk | Error>) {
    const asks: string[] = []
    const source = keyedJwks(
      async (kid) => {
        asks.push(kid)
        const found = known[kid]
        if (found instanceof Error) throw found
        return found
      },
      { maxAge: 10 * MINUTE },
    )
    return { asks, find: (kid: string | undefined, now: number) => source.find(kid, now) }
  }
  const key = { kty: 'EC', kid: 'a' }

  test('are kept; an unknown id is asked for once a minute at most, and hides no other', async () => {
    const { asks, find } = asked({ a: key, b: key })
    expect(await Promise.all([find('a', 0), find('a', 0)])).toEqual([[key], [key]])
    expect(await find('x', 1)).toEqual([])
    expect(await find('y', 2)).toEqual([])
    expect(await find('b', 3)).toEqual([key])
    expect(await find('a', 4)).toEqual([key])
    expect(await find('x', 5)).toEqual([])
    expect(await find(undefined, MINUTE + 2)).toEqual([])
    expect(asks).toEqual(['a', 'x', 'y', 'b'])
    expect(await find('x', MINUTE + 2)).toEqual([])
    expect(asks).toHaveLength(5)
  })

  test('made-up ids cost thirty look-ups a minute, and a real key is found among them', async () => {
    const { asks, find } = asked({ a: key, b: key })
    await find('a', 0)
    let rejected = 0
    for (let made = 0; made < 200; made++)
      await Promise.resolve(find(`made-up ${made}`, 1000)).catch((error: unknown) => {
        expect(error).toEqual(unavailable)
        rejected++
      })
    expect(rejected).toBeGreaterThan(165)
    expect(asks.length).toBeLessThan(35)
    expect(await find('a', 1001)).toEqual([key])
    expect(await find('b', 5000)).toEqual([key])
  })

  test('count on while they cannot be asked for again; a first failure is thrown and not kept', async () => {
    const known: Record<string, Jwk | Error> = { a: key }
    const { find } = asked(known)
    await find('a', 0)
    known['a'] = new Error('down')
    expect(await find('a', 11 * MINUTE)).toEqual([key])
    known['b'] = new Error('down')
    await expect(find('b', 11 * MINUTE)).rejects.toThrow('down')
    known['b'] = key
    expect(await find('b', 11 * MINUTE)).toEqual([key])
  })
})

test('a given set must hold public keys', () => {
  for (const jwks of [undefined, {}, { keys: [] }, { keys: [{ kty: 'oct', k: 'AAAA' }] }])
    expect(() => givenJwks(jwks as never, 'acme: jwks')).toThrow(
      'acme: jwks must be a JSON Web Key Set',
    )
})
