import { clientOf } from '../../../../../postgres/test/orm/prisma/generated/client.ts'

export const PrismaClient = clientOf('mysql')
