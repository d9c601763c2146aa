import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { zoomEntry } from '../src/zoom.ts'
import { vectors } from './vectors.ts'

testProvider({ ...zoomEntry, vectors: vectors('zoom') }, { describe, test })
