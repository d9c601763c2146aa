import { createDelivery, type DeliveryInit } from '@postern/core'
import { type SignableRequest } from '@postern/core/scheme'
import { expect } from 'vitest'
import {
  httpMessageSignatures,
  type HttpMessageSignaturesOptions,
} from '../../../src/schemes/http-signature/http-message-signatures.ts'
import { secretKey } from '../../../src/schemes/http-signature/keys.ts'

export const NOW = 1_760_000_000_000
export const CREATED = NOW / 1000
export const request: SignableRequest = {
  method: 'POST',
  url: 'https://Example.com:443/hooks/%2f?b=2&a=1',
  headers: { 'content-type': 'application/json', 'x-dict': ' a=1,  b=2;x=1;y=2,   c=(a   b)' },
  body: Buffer.from('{"a":"ü"}'),
}

export type Options = HttpMessageSignaturesOptions

export async function verify(
  signed: DeliveryInit,
  options: Options = {},
  secret = 'shared',
): Promise<number> {
  const scheme = httpMessageSignatures(options)
  return scheme.verify(createDelivery(signed), [scheme.key(secret)], NOW)
}

export function sign(options: Options = {}, secret = 'shared', at = NOW): SignableRequest {
  const scheme = httpMessageSignatures(options)
  return scheme.sign!(request, scheme.key(secret), at)
}

/** Signs any input and base without the code of `sign`. */
export function signedBy(
  input: string,
  base: string,
  more: Record<string, string> = {},
): SignableRequest {
  const signature = secretKey('shared', 'hmac-sha256', {}).first!.sign(
    `${base}"@signature-params": ${input}`,
  )
  const headers = {
    ...request.headers,
    ...more,
    'signature-input': `s=${input}`,
    signature: `s=:${signature}:`,
  }
  return { ...request, headers }
}

export const loose: Options = { requiredComponents: [] }
export const rejected = (code: string) => expect.objectContaining({ code }) as Error
