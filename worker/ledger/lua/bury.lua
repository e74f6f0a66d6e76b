-- bury: a call that never became a receipt stands among the dead letters, counted as recorded and dead.
-- KEYS[1]  prefix of the application's keys
-- ARGV     task, arguments, reason

redis.call('XADD', prefix .. ':dead', '*', 'task', ARGV[1], 'arguments', ARGV[2], 'reason', ARGV[3], 'receipts', 1)
count('recorded', 1)
count('dead', 1)
finish()
return 1
