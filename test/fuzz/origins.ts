import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { targetPath } from '@postern/core/internal'
import { forwarded } from '../../packages/node/src/forwarded.ts'
import { requestUrl } from '../../packages/node/src/bridge.ts'
import { chars, pieced } from './mutate.ts'
import { read } from './rejection.ts'
import { target, type FuzzTarget } from './target.ts'

const HOPS = [
  ...chars(',;="[]: '),
  'for=',
  'proto=',
  'host=',
  'https',
  'evil.example',
  '10.0.0.1',
  '[::1]:80',
  '"a, b"',
]
const HOSTS = [
  ...chars('/?#@\\:[] .%'),
  'example.com',
  'evil',
  '%2f',
  '::1',
  '80',
  '\u0000',
  'é',
  'xn--',
  '٠',
]
const TARGETS = [
  ...chars('/?#*@:\\'),
  'http://',
  'https://a',
  '//',
  'path',
  '%',
  '%00',
  '..',
  '\u0000',
]
/** Targets for headers and request targets that decide the URL. */
export const originTargets: readonly FuzzTarget[] = [
  target('headers', 'origin behind proxies', () =>
    fc.property(
      fc.array(pieced(HOPS, 6), { maxLength: 4 }),
      fc.array(pieced(HOPS, 6), { minLength: 2, maxLength: 2 }),
      (evil, trusted) => {
        // Trusted proxies append values without commas.
        const own = trusted.map((text) => text.replaceAll(',', ''))
        const origin = forwarded({
          hops: 2,
          headers: ['forwarded', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-prefix'],
        })
        const from = (list: readonly string[]): unknown => {
          const line = list.join(',')
          const headers = {
            forwarded: line,
            'x-forwarded-host': line,
            'x-forwarded-proto': line,
            'x-forwarded-prefix': line,
          }
          return read(() => origin({ headers, socket: {} } as unknown as IncomingMessage)).value
        }
        const wanted = from(own)
        // Earlier values, which any client can send, must change nothing.
        if (own[0] !== '') assert.deepEqual(from([...evil, ...own]), wanted)
      },
    ),
  ),
  target('headers', 'Host and target', () =>
    fc.property(pieced(HOSTS, 6), pieced(TARGETS, 8), (host, target_) => {
      const urlOf = requestUrl({})
      const request = { headers: { host }, socket: {} } as unknown as IncomingMessage
      const found = read(() => urlOf(request, target_))
      if (found.code !== undefined) return assert.equal(found.code, 'malformed_url')
      assert.ok(targetPath(target_).startsWith('/'))
      assert.equal(new URL(found.value).host, new URL(`http://${host}/`).host)
    }),
  ),
]
