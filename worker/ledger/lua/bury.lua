-- bury: a call that never became a receipt stands among the dead letters, counted as recorded and dead.
-- ARGV     task, arguments, reason, '1' where the arguments have been cut, else ''

count('recorded', 1)
count('recorded_invalid', 1)
count('dead', 1)
local letter = store_letter('task', ARGV[1], 'arguments', ARGV[2], 'cut', ARGV[4], 'reason', ARGV[3], 'receipts', 1, 'dead_ms', now)
notify('outcome', 'dead', 'task', ARGV[1], 'receipts', 1, 'ended_ms', now, 'reason', ARGV[3], 'letter', letter)
finish()
return 1
