"""The performance: the play with its weather, the wait until everything is covered, and the gathering of evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep

from demo.accounts import Accounts, dead_letters, read_accounts, set_aside
from demo.play import Producers
from demo.progress import Moment, Screen
from demo.puts import read_calls
from demo.scenario import PLAN_CALLS_PER_S, Scenario
from demo.stage import Stage
from demo.verify import Evidence
from demo.weather import Weather
from traffic.waits import fates_of

TICK_S = 0.2
COVERED_WITHIN_S = 40.0
IDLE_WITHIN_S = 5.0


@dataclass(slots=True)
class Performance:
    """One run.

    Args:
        stage: With its services started.
        scenario: What is played.
        screen: Where it is shown.
    """

    stage: Stage
    scenario: Scenario
    screen: Screen

    def run(self) -> Evidence:
        """Play everything, wait until it is covered, and gather what is known then.

        Raises:
            ProcessError: A process ended on the way.
            redis.RedisError: The ledger was not reached.
            requests.RequestException: The sandbox was not reached.
        """
        producers = Producers(self.stage.redis_url, self.scenario.arrivals)
        weather = Weather(self.stage.sandbox)
        weather.clear()
        try:
            self._play(producers, weather)
            weather.clear()
            self._until_covered(producers)
        finally:
            producers.stop()
        jobs = self._end_beat(producers)
        return self._evidence(producers, weather, jobs)

    def _play(self, producers: Producers, weather: Weather) -> None:
        producers.start()
        while producers.playing:
            self._tick(producers, weather.name)
            weather.follow(producers.elapsed_s)

    def _until_covered(self, producers: Producers) -> None:
        """Wait while beat goes on: when all it has sent is covered, it is between two runs of its job."""
        recorded = len(self.scenario.arrivals)
        self._until(lambda accounts: _is_covered(accounts, recorded + self.stage.jobs_sent()), producers)

    def _end_beat(self, producers: Producers) -> int:
        jobs = self.stage.stop_beat()
        self._until(lambda accounts: _is_covered(accounts, len(self.scenario.arrivals) + jobs), producers)
        return jobs

    def _until(self, holds: Callable[[Accounts], bool], producers: Producers) -> None:
        """Wait until it holds, or for so long that the check may say what is missing."""
        deadline_s = monotonic() + COVERED_WITHIN_S
        while not holds(self._tick(producers, "fair; waiting until all is covered")) and monotonic() < deadline_s:
            continue

    def _tick(self, producers: Producers, weather: str) -> Accounts:
        sleep(TICK_S)
        self.stage.check()
        accounts = read_accounts(self.stage.ledger)
        self.screen.show(Moment(producers.elapsed_s, self.scenario.duration_s, weather, accounts))
        return accounts

    def _evidence(self, producers: Producers, weather: Weather, jobs: int) -> Evidence:
        sandbox, ledger = self.stage.sandbox, self.stage.ledger
        sandbox.counts(idle_s=IDLE_WITHIN_S)
        puts, strange = read_calls(sandbox.journal())
        recorded = producers.recorded()
        return Evidence(
            expected=self.scenario.expected(),
            documents=sandbox.world()["messages"],
            puts=puts,
            strange=strange,
            past=weather.past,
            cap_per_s=PLAN_CALLS_PER_S,
            fates=fates_of(recorded, (put.accepted for put in puts if put.accepted)),
            recorded=len(recorded),
            jobs=jobs,
            accounts=read_accounts(ledger),
            dead=dead_letters(ledger),
            set_aside=set_aside(ledger),
        )


def _is_covered(accounts: Accounts, recorded: int) -> bool:
    return accounts.recorded >= recorded and accounts.waiting == 0
