-- pause: nothing more is claimed until somebody resumes; what is in flight ends. Receipts go on being joined.
-- ARGV     'pause' and why, or 'resume'
-- answers  since when it was paused before (ms), 0 for not; and why

local pace = read_pace()

local answer = {pace.paused or 0, pace.paused_why or ''}
if ARGV[1] == 'pause' then
  pace.paused = pace.paused or now
  pace.paused_why = ARGV[2]
else
  pace.paused, pace.paused_why = nil, nil
end
save_pace()
if ARGV[1] == 'resume' then redis.call('PUBLISH', prefix .. ':wake', 0) end
return answer
