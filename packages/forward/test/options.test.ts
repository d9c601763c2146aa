import { expect, test } from 'vitest'
import { forward, signer } from '../src/index.ts'

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`

test('wrong options are a TypeError that names them', () => {
  const make =
    (given: object): (() => unknown) =>
    () =>
      forward({ to: 'https://example.com', sign: false, ...given } as never)
  const cases: Record<string, object> = {
    to: { to: 'http://example.com' },
    'sign must be': { sign: undefined },
    'sign: must be a function of the destination': { to: () => [], sign: signer({ secret }) },
    sign: { sign: { verify: () => {} } },
    headers: { headers: ['bad header'] },
    concurrency: { concurrency: 0 },
    total: { total: 1.5 },
    timeout: { timeout: 'soon' },
    connectTimeout: { connectTimeout: 0 },
    maxResponse: { maxResponse: -1 },
    'breaker.failures': { breaker: { failures: 0 } },
    'breaker.pause': { breaker: { pause: '1 s' } },
    giveUp: { giveUp: 0 },
  }
  for (const [option, given] of Object.entries(cases)) {
    expect(make(given), option).toThrow(TypeError)
    expect(make(given), option).toThrow(option)
  }
})
