import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { twitchEntry } from '../src/twitch.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['keepItSecretKeepItSafe', 'keepThisOneSecretToo'],
  draft: {
    topic: 'channel.follow',
    id: 'e76c6bd4',
    payload: {},
  },
} as const

testProvider({ ...twitchEntry, vectors: vectors('twitch'), sign }, { describe, test })
