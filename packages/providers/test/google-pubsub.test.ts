import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { googlePubsubEntry } from '../src/google-pubsub.ts'
import { vectors } from './vectors.ts'

testProvider({ ...googlePubsubEntry, vectors: vectors('google-pubsub') }, { describe, test })
