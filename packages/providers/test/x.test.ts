import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { xEntry } from '../src/x.ts'
import { vectors } from './vectors.ts'

testProvider({ ...xEntry, vectors: vectors('x') }, { describe, test })
