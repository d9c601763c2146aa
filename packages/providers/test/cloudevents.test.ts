import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { cloudeventsEntry } from '../src/cloudevents.ts'
import { vectors } from './vectors.ts'

testProvider({ ...cloudeventsEntry, vectors: vectors('cloudevents') }, { describe, test })
