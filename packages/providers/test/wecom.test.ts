import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { wecomEntry } from '../src/entries/wecom.ts'
import { vectors } from './vectors.ts'

const covered = (body: Uint8Array) =>
  /<Encrypt><!\[CDATA\[(.*?)\]\]><\/Encrypt>/.exec(Buffer.from(body).toString())?.[1]

const sign = {
  secrets: ['token1', 'token2'],
  options: { encodingAESKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C', receiveId: 'ww1' },
  draft: { topic: 'event.enter_agent' },
  covered,
} as const

testProvider({ ...wecomEntry, vectors: vectors('wecom'), sign }, { describe, test })
