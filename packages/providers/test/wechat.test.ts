import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { wechatEntry } from '../src/wechat.ts'
import { vectors } from './vectors.ts'

testProvider({ ...wechatEntry, vectors: vectors('wechat') }, { describe, test })
