import { describe } from 'vitest'
import { oddRows } from '../../../test/contract/odd-rows.ts'
import { sqliteScene } from './scene.ts'

describe('sqliteInbox and rows that cannot be read', () => {
  const { open, edit } = sqliteScene()
  oddRows(() => ({ open, change: (statement) => edit((db) => db.exec(statement)) }))
})
