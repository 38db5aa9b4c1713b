#!/usr/bin/env perl
# What tools read in the interval logs of a run beside its result: scripts/readers.pl RUN_DIR FILE...
# A FILE is named TOOL-LOG.txt: `intervals N`, `count N`, then `VALUE FIRST LAST` in lines that ascend, nanoseconds and
# the ranks that have them; ranks between lines have a value between theirs.
# Exit code: 0 all agree, 1 one does not.
use strict;
use warnings;
use JSON::PP;

# Counters of three digits: the two ends of one are less than a thousandth apart.
my $precision = 0.001;

die "usage: scripts/readers.pl RUN_DIR FILE...\n" unless @ARGV > 1;
my ( $run, @files ) = @ARGV;
my $latency = decode_json( text("$run/result.json") )->{latency};
my $broken  = 0;
for my $file (@files) {
    my ( $tool, $log ) = $file =~ m{([a-z]+)-([a-z-]+)\.txt$} or die "$file: is not named TOOL-LOG.txt\n";

    # A closed loop has no due times: null in the result, and nothing but empty histograms in the log.
    my $block = $latency->{ $log =~ tr/-/_/r } // { count => 0 };
    my $seen  = seen($file);
    my ( $figures, $beside, @wrong ) = compare( $block, $seen );
    my $lines = () = text("$run/$log.hlog") =~ /^[0-9]/mg;
    push @wrong, "intervals: $seen->{intervals}, and the log has $lines" if $seen->{intervals} != $lines;
    printf "%-7s %-16s %s: %d intervals, %d messages, %d figures, %d of them at the rank beside%s\n", $tool, "$log.hlog",
      @wrong ? 'does not agree' : 'agrees', $seen->{intervals}, $seen->{count}, $figures, $beside,
      join '', map { "\n    $_" } @wrong;
    $broken = 1 if @wrong;
}
exit $broken;

sub text {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}

sub seen {
    my ($file) = @_;
    my %seen = ( rows => [] );
    for ( split /\n/, text($file) ) {
        if (/^(intervals|count) (\d+)$/) { $seen{$1} = $2 }
        elsif (/^(\d+) (\d+) (\d+)$/) { push @{ $seen{rows} }, [ $1, $2, $3 ] }
        else                          { die "$file: a line '$_'\n" }
    }
    defined $seen{$_} or die "$file: says no $_\n" for qw(intervals count);
    return \%seen;
}

# How many figures there are, how many of them are met at a neighbouring rank only, and in words what is wrong.
sub compare {
    my ( $block, $seen ) = @_;
    my $count = $block->{count};
    return 0, 0, "count: $seen->{count}, and the result has $count" if $seen->{count} != $count;
    return 0, 0 if $count == 0;
    return 0, 0, 'it has no values' unless @{ $seen->{rows} };
    my ( $figures, $beside, @wrong ) = ( 0, 0 );
    for my $name ( sort grep { /^(?:p\d+(?:_\d+)?|max)_us$/ } keys %$block ) {
        my ( $ours, $rank ) = ( $block->{$name}, rank( $name, $count ) );
        if ( !defined $ours ) { push @wrong, "$name: null in the result of $count messages"; next }
        $figures++;
        my @near = $name eq 'max_us' ? $rank : ( $rank, grep { $_ >= 1 && $_ <= $count } $rank - 1, $rank + 1 );
        my ($met) = grep { is_met( $ours * 1000, between( $seen->{rows}, $_ ) ) } @near;
        $beside++ if defined $met && $met != $rank;
        push @wrong, sprintf '%s: %s in the result, and %s', $name, $ours, join ', ',
          map { sprintf '%s to %s at rank %d', ( map { $_ / 1000 } between( $seen->{rows}, $_ ) ), $_ }
          sort { $a <=> $b } @near
          unless defined $met;
    }
    push @wrong, 'the result has no percentiles' unless $figures > 1;
    return $figures, $beside, @wrong;
}

# The rank of a figure, by its name. In whole numbers, as a float may be a little above one and then goes up to the next.
sub rank {
    my ( $name, $count ) = @_;
    my ( $whole, $part ) = $name =~ /^p(\d+)(?:_(\d+))?_us$/ or return $count;
    $part //= '';
    my $of = 100 * 10**length($part);
    return int( ( "$whole$part" * $count + $of - 1 ) / $of );
}

# Between which values, both included, the one at a rank lies.
sub between {
    my ( $rows, $rank ) = @_;
    my ( $least, $most ) = ( $rows->[0][0], $rows->[-1][0] );
    for (@$rows) {
        my ( $value, $first, $last ) = @$_;
        $least = $value if $first <= $rank;
        if ( $last >= $rank ) { $most = $value; last }
    }
    return $least, $most;
}

sub is_met {
    my ( $ours, $least, $most ) = @_;
    return $least * ( 1 - $precision ) <= $ours && $ours <= $most * ( 1 + $precision );
}
