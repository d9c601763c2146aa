import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { slackEntry } from '../src/entries/slack.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['8f742231b10e8888abcd99yyyzzz85a5', '0f742231b10e8888abcd99yyyzzz85a5'],
  draft: { topic: 'message.channel_join', id: 'Ev0PV52K21', payload: {} },
} as const

testProvider({ ...slackEntry, vectors: vectors('slack'), reasons: true, sign }, { describe, test })
