#!/usr/bin/env perl
# Judgement of what scripts/soak noted of a run: scripts/soak.pl FILE
# Exit code: 0 all bounds hold, 1 one does not or the run failed.
use strict;
use warnings;
use FindBin;
require "$FindBin::Bin/pairs.pl";

# An hour's files, in MiB.
my %most   = ( 'result.json' => 10, 'report.html' => 1 );
my $hour_s = 3600;

# What the memory of the last quarter may be beyond the second's: a share for the steps in which it grows, as the
# allocator takes 2 MiB at a time and lists of seconds double their room, and what half an hour of seconds takes. In 35
# undisturbed minutes at 500 messages a second on a real broker it grew from 157 to 163 MiB, 3 KB a second (2026-11-26).
my ( $share, $fixed_mib ) = ( 0.05, 4 );

die "usage: scripts/soak.pl FILE\n" unless @ARGV == 1;
my ( @run, @memory, @sizes );
read_notes( $ARGV[0] );
my $failed = 0;
tell_run();
tell_memory();
tell_size(@$_) for @sizes;
exit $failed;

sub read_notes {
    my ($file) = @_;
    open my $lines, '<', $file or die "$file: $!\n";
    while (<$lines>) {
        if (s/^# ?//) { print; next }
        chomp;
        my ( $what, @rest ) = split /\t/;
        if    ( $what eq 'run' )    { @run = @rest }
        elsif ( $what eq 'memory' ) { push @memory, [@rest] }
        elsif ( $what eq 'size' )   { push @sizes, [@rest] }
        else                        { die "$file:$.: '$what' is none of run, memory, size\n" }
    }
    die "$file: no run\n" unless @run == 3;
}

sub judged {
    my ( $holds, $line ) = @_;
    $failed = 1 unless $holds;
    printf "  %s: %s\n", $line, $holds ? 'holds' : 'does not hold';
}

sub tell_run {
    my ( undef, $seconds, $code ) = @run;
    # Limited by this host: no matter of memory or sizes.
    judged( $code == 0 || $code == 11, sprintf 'a run of %g minutes, exit code %d', $seconds / 60, $code );
}

# The median of the readings in a quarter of the measured phase, in MiB; undefined where there are none. The clients
# connect before the warm-up, so that the phase begins and ends a moment later than counted here, and no reading is of
# the time after it.
sub quarter {
    my ($quarter) = @_;
    my ( $warmup, $seconds ) = @run;
    my ( $from, $to ) = map { $warmup + $_ * $seconds / 4 } $quarter - 1, $quarter;
    my @of = map { $_->[1] / 1024 } grep { $from <= $_->[0] && $_->[0] < $to } @memory;
    return @of ? median(@of) : undef;
}

sub tell_memory {
    my ( $second, $last ) = ( quarter(2), quarter(4) );
    return judged( 0, 'memory: nothing was read in the second quarter or in the last' ) unless $second && $last;
    my $most = $second * ( 1 + $share ) + $fixed_mib;
    # From the middle of one quarter to that of the other it is half the phase.
    my $by_second = ( $last - $second ) * 1024 * 1024 / ( $run[1] / 2 );
    my $line = sprintf 'memory: %.1f MiB in the second quarter, %.1f MiB in the last (%+.1f MiB, %.0f bytes a second)',
      $second, $last, $last - $second, $by_second;
    judged( $last <= $most, sprintf '%s, at most %.1f MiB', $line, $most );
}

sub tell_size {
    my ( $file, $bytes ) = @_;
    my $line = sprintf '%s: %.2f MiB', $file, $bytes / 1024 / 1024;
    my $most = $most{$file} // die "no bound for $file\n";
    if ( $run[1] == $hour_s ) { judged( $bytes < $most * 1024 * 1024, "$line, below $most MiB" ) }
    else                      { print "  $line, judged at 60 minutes: below $most MiB\n" }
}
