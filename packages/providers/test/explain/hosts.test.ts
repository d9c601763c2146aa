import { explain, type Finding } from '@postern/core/explain'
import { github, twilio } from '@postern/providers'
import { describe, expect, test } from 'vitest'

const secret = 'a secret of GitHub'
const signed = github({ secret }).sign!({ topic: 'push', payload: { note: 'é' } })
const list = [...signed.body]

/** Returns the findings for the signed delivery with another body. */
async function findingsOn(body: string): Promise<readonly Finding[]> {
  const request = { ...signed, body: new TextEncoder().encode(body) }
  return (await explain(request, github({ secret }))).findings
}

describe('bytes that came as JSON', () => {
  test.for([
    ['a Buffer', JSON.stringify(Buffer.from(signed.body))],
    ['a Buffer with an indent', JSON.stringify(Buffer.from(signed.body), undefined, 2)],
    ['a Uint8Array', JSON.stringify(Uint8Array.from(signed.body))],
    ['a list', JSON.stringify(list)],
  ] as const)('of %s: proven, with JSON.stringify as the cause', async ([, body]) => {
    expect(await findingsOn(body)).toMatchObject([
      {
        cause: 'body-reserialized',
        certainty: 'proven',
        message: expect.stringContaining('a Buffer or Uint8Array written as JSON'),
        remedy: expect.stringContaining('do not run JSON.stringify on the bytes'),
      },
    ])
  })

  test('in an envelope: proven', async () => {
    expect(
      await findingsOn(JSON.stringify({ event: { rawBody: Buffer.from(list) } })),
    ).toMatchObject([
      {
        cause: 'gateway-in-front',
        certainty: 'proven',
        message: expect.stringContaining('a list of bytes in the member rawBody of an envelope'),
      },
    ])
  })

  test('numbers that are no bytes are not taken for them', async () => {
    const found = await findingsOn('[256,1]')
    expect(JSON.stringify(found)).not.toContain('Uint8Array')
  })
})

describe('behind a proxy', () => {
  const signedFor = (url: string) =>
    twilio({ authToken: secret }).sign!({ payload: { a: '1' }, url })
  const outside = { 'x-forwarded-host': 'shop.example', 'x-forwarded-proto': 'https' }
  const reached = (url: string, request: ReturnType<typeof signedFor>) => ({
    ...request,
    url,
    headers: { ...request.headers, ...outside },
  })

  test('the remedy has no port of the inside, and names publicBase', async () => {
    const request = reached('http://localhost:3000/hook', signedFor('https://shop.example/hook'))
    const { findings } = await explain(request, twilio({ authToken: secret }))
    expect(findings.map(({ cause }) => cause).toSorted()).toEqual(['url-host', 'url-scheme'])
    for (const { certainty, remedy } of findings) {
      expect(certainty).toBe('proven')
      expect(remedy).toBe(
        "let the adapter trust the proxy in front (trustProxy), or give it publicBase: 'https://shop.example', or the provider publicUrl: 'https://shop.example/hook'",
      )
    }
  })

  test('a prefix that the proxy cut off is part of publicBase', async () => {
    const prefix = { 'x-forwarded-prefix': '/api' }
    const request = reached('http://10.0.0.7:8080/hook', signedFor('https://shop.example/api/hook'))
    const { findings } = await explain(
      { ...request, headers: { ...request.headers, ...prefix } },
      twilio({ authToken: secret }),
    )
    expect(findings[0]!.remedy).toContain("publicBase: 'https://shop.example/api',")
  })

  test('an option that is given wrong is what has to change', async () => {
    const request = reached('http://localhost:3000/hook', signedFor('https://shop.example/hook'))
    const publicUrl = 'https://www.shop.example:3000/hook'
    const { findings } = await explain(request, twilio({ authToken: secret, publicUrl }))
    expect(findings).not.toEqual([])
    for (const { remedy } of findings)
      expect(remedy).toBe(
        "give the URL that the sender calls: publicUrl: 'https://shop.example/hook'",
      )
  })
})
