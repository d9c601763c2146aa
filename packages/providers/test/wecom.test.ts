import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { wecomEntry } from '../src/wecom.ts'
import { vectors } from './vectors.ts'

testProvider({ ...wecomEntry, vectors: vectors('wecom') }, { describe, test })
