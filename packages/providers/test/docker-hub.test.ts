import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { dockerHubEntry } from '../src/docker-hub.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['a secret path', 'another'],
  draft: { topic: 'push', id: 'acme/app:latest:1417566161', payload: {} },
} as const

testProvider({ ...dockerHubEntry, vectors: vectors('docker-hub'), sign }, { describe, test })
